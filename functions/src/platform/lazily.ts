/** Makes a thing at its first use. For what takes milliseconds to make, and that a process may never need. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
