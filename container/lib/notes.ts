import { quotePath } from "./quote-path.ts";

const maxExamples = 5;

/** Remarks on what was left out. At most five paths of a kind are named, so that a hostile tree cannot make the list long. */
export class Notes {
  #pathsByRemark = new Map<string, { examples: string[]; more: number }>();

  /** @param remark our own text, a predicate such as "cannot be read"; the path is quoted as git quotes it. */
  add(path: string, remark: string): void {
    const known = this.#pathsByRemark.get(remark);
    if (known === undefined) {
      this.#pathsByRemark.set(remark, { examples: [quotePath(path)], more: 0 });
    } else if (known.examples.length < maxExamples) {
      known.examples.push(quotePath(path));
    } else {
      known.more += 1;
    }
  }

  list(): string[] {
    const lines: string[] = [];
    for (const [remark, { examples, more }] of this.#pathsByRemark) {
      for (const path of examples) lines.push(`${path}: ${remark}`);
      if (more > 0) lines.push(`${more} more: ${remark}`);
    }
    return lines;
  }
}
