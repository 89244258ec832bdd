/** Bytes of an answer that a failed check shows. Docker keeps 4096 bytes of its output. */
const shown = 500;

/**
 * A program of Python that GETs a URL. It fails unless the answer is 2xx, and prints the status and
 * the body, which often name the cause.
 */
export const pythonGet = (url: string, most: number): string => `import sys, urllib.error, urllib.request
try:
    urllib.request.urlopen("${url}", timeout=${most})
except urllib.error.HTTPError as error:
    sys.exit(f"${url} answers {error.code}: " + error.read(${shown}).decode(errors="replace"))
except Exception as error:
    sys.exit(f"${url} does not answer: {getattr(error, 'reason', error)}")`;

/** The same in JavaScript, for images of Node. */
const nodeGet = (
  url: string,
  most: number,
): string => `const end = (text) => { console.log(text); process.exit(1) };
fetch("${url}", { signal: AbortSignal.timeout(${most * 1000}) }).then(
  async (answer) => answer.ok || end("${url} answers " + answer.status + ": " + (await answer.text()).slice(0, ${shown})),
  (error) => end("${url} does not answer: " + (error.cause?.message ?? error.message)))`;

/**
 * A line of the shell that GETs a URL with whichever client an image has. wget and curl take the
 * least time, so they are tried first. After a failure, a client that can show the body repeats the
 * request.
 */
export const shellGet = (url: string, most: number): string => `has() { command -v "$1" > /dev/null; }
if has wget; then
  said=$(wget -q -T ${most} -O /dev/null ${url} 2>&1) && exit 0
elif has curl; then
  said=$(curl -fsS -m ${most} -o /dev/null ${url} 2>&1) && exit 0
fi
if has curl; then
  curl -sS -m ${most} -w ' (${url} answers %{http_code})' ${url} 2>&1 | head -c ${shown}
elif has python3; then
  python3 -c '${pythonGet(url, most).replaceAll("'", `'"'"'`)}' && exit 0
elif has node; then
  node -e '${nodeGet(url, most)}' && exit 0
elif has wget; then
  echo "\${said:-${url} does not answer 2xx}"
else
  echo "the image has no wget, curl, python3 or node: use another health check"
fi
exit 1`;
