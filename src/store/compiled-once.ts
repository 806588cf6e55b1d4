import type { CompiledQuery } from 'kysely'

/**
 * A statement that is built and compiled with its first values, and from then on only filled with others, because building takes longer than answering.
 * So its text must not depend on the values, nor may they be looked at while it is built; and their names must be the same each time.
 */
export function compiledOnce<Values extends object, Row>(
  build: (values: Values) => { compile(): CompiledQuery<Row> },
): (values: Values) => CompiledQuery<Row> {
  let known: { readonly query: CompiledQuery<Row>; readonly parameters: readonly Parameter[] } | undefined
  return (values) => {
    known ??= compileWithNames(build, values)
    const { query, parameters } = known
    const filled = new Array<unknown>(parameters.length)
    for (const [index, { name, value }] of parameters.entries()) filled[index] = name === undefined ? value : values[name as keyof Values]
    return { ...query, parameters: filled }
  }
}

/** One of the named values, or one that is the same each time. */
interface Parameter {
  readonly name?: string
  readonly value?: unknown
}

function compileWithNames<Values extends object, Row>(build: (values: Values) => { compile(): CompiledQuery<Row> }, values: Values) {
  // In place of each value stands a symbol, which shows where the value goes.
  const symbols = new Map(Object.keys(values).map((name) => [Symbol(name), name] as const))
  const query = build(Object.fromEntries([...symbols].map(([symbol, name]) => [name, symbol])) as Values).compile()
  const parameters = query.parameters.map((value): Parameter => {
    const name = symbols.get(value as symbol)
    return name === undefined ? { value } : { name }
  })
  return { query, parameters }
}
