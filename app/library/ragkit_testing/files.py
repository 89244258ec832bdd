"""Small files of every type, created by code."""

import io

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def pdf(text: str, password: str = "", owner_password: str = "", algorithm: str = "RC4-128") -> bytes:
    """Return a PDF of one page with this text. If it has only an owner's password, everyone can
    read it.
    """
    writer = PdfWriter()
    page = writer.add_blank_page(400, 200)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    if password or owner_password:
        writer.encrypt(password, owner_password or None, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
