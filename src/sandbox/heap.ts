/** What falls due, soonest first. */
export type Heap<T extends { readonly at: number }> = {
  readonly size: number;
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
};

/** A binary heap by `at`: adding and taking cost the logarithm of what is in it. */
export function createHeap<T extends { readonly at: number }>(): Heap<T> {
  const items: T[] = [];
  const atOf = (index: number): number => items[index]?.at ?? Infinity;

  function swap(a: number, b: number): void {
    const [left, right] = [items[a], items[b]];
    if (left === undefined || right === undefined) return;
    items[a] = right;
    items[b] = left;
  }

  function rise(from: number): void {
    for (let child = from; child > 0;) {
      const parent = (child - 1) >> 1;
      if (atOf(parent) <= atOf(child)) return;
      swap(parent, child);
      child = parent;
    }
  }

  function sink(): void {
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      const least = atOf(right) < atOf(left) ? right : left;
      if (atOf(least) >= atOf(parent)) return;
      swap(parent, least);
      parent = least;
    }
  }

  return {
    get size() {
      return items.length;
    },
    push(item) {
      items.push(item);
      rise(items.length - 1);
    },
    peek: () => items[0],
    pop() {
      swap(0, items.length - 1);
      const soonest = items.pop();
      sink();
      return soonest;
    },
  };
}
