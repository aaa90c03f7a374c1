// What the model must say for its answer to be one: a result whose main words are blank is a mismatch, not a success.
import * as z from "zod";

/** Anchored at both ends, so that it means the same to those who match a pattern anywhere and to those who match it whole. */
export const Said = z.string().regex(/^\s*\S[\s\S]*$/, "must not be blank");
