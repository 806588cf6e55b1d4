/** Rows a statement: below the number of parameters that either engine takes, with every table's columns. */
const mostRows = 500

export function* batches<Item>(items: readonly Item[], size = mostRows): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}
