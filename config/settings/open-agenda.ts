import { z } from "zod";
import { seconds } from "../spec/units.ts";
import { duration, like, optional, text } from "./kinds.ts";

// `pulumi config set` writes a number without quotes.
const number = text.pipe(like(/^\d{1,12}$/, "be the number on the page of the agenda, such as 12345678"));

/** The events that rag-events collects. */
export const openAgenda = optional(
  "Collects the events of an agenda into the index, in rag-events. Set the key with `pulumi config set --secret ragdock:openagendaKey`.",
  z.strictObject({
    agenda: number.describe("Number of the agenda in Open Agenda. The page of the agenda shows it."),
    language: like(/^[a-z]{2}$/, "be a language with two letters, such as fr")
      .prefault("fr")
      .describe(
        "Language of the texts. An event without text in this language uses another of its languages.",
      ),
    past: duration.prefault("365d").describe("How long ago an event may have taken place."),
    every: duration
      .refine((value) => seconds(value) >= 600 && seconds(value) <= 30 * 86_400, "must be from 10m to 30d")
      .prefault("24h")
      .describe("How often Ragdock reads the events."),
  }),
);
