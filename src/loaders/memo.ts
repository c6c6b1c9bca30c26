/** What a request has fetched, so that nothing is fetched twice. Most requests fetch one run, which needs no Map. */
export class Memo<Answer> {
  #name: string | undefined;
  #answer: Answer | undefined;
  #others: Map<string, Answer> | undefined;

  get(name: string): Answer | undefined {
    return name === this.#name ? this.#answer : this.#others?.get(name);
  }

  /** Takes a name for the first time. */
  set(name: string, answer: Answer): void {
    if (this.#name === undefined) {
      this.#name = name;
      this.#answer = answer;
    } else {
      this.#others ??= new Map();
      this.#others.set(name, answer);
    }
  }
}
