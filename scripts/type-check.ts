import { relative } from 'node:path'
import ts from 'typescript'

// tsc, and one rule more: no promise floats. Biome's noFloatingPromises does not see the promises of Node and of overloaded packages
// (`rm(path)`, `fastify().listen()`); the compiler knows them all, and has them at hand here.

const FEWEST_FILES = 10

const stop = (diagnostic: ts.Diagnostic): never => {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'))
}
/** The program and what belongs to it, for Node; and the console, for browsers. */
const projects = ['tsconfig.json', 'console/tsconfig.json']

/** A thenable that cannot be caught (Fastify's reply) asks nobody to wait for it. */
function isPromise(type: ts.Type): boolean {
  const parts = type.isUnion() ? type.types : [type]
  return parts.some((part) => part.getProperty('then') !== undefined && part.getProperty('catch') !== undefined)
}

const isAssignment = (kind: ts.SyntaxKind) => kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment

/** Awaited, marked void, kept in a variable, or with somebody to catch its rejection. */
function isHandled(expression: ts.Expression): boolean {
  if (ts.isVoidExpression(expression) || ts.isAwaitExpression(expression)) return true
  if (ts.isBinaryExpression(expression)) return isAssignment(expression.operatorToken.kind)
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return false
  const method = expression.expression.name.text
  return (method === 'catch' && expression.arguments.length > 0) || (method === 'then' && expression.arguments.length > 1)
}

function floatingPromises(file: ts.SourceFile, checker: ts.TypeChecker): readonly ts.Expression[] {
  const found: ts.Expression[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && !isHandled(node.expression) && isPromise(checker.getTypeAtLocation(node.expression))) {
      found.push(node.expression)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function lineOf(expression: ts.Expression): string {
  const file = expression.getSourceFile()
  const { line, character } = file.getLineAndCharacterOfPosition(expression.getStart())
  return `${relative('.', file.fileName)}(${line + 1},${character + 1}): error floating-promise: ${expression.getText().split('\n')[0]}`
}

function check(project: string) {
  const parsed = ts.getParsedCommandLineOfConfigFile(project, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: stop })
  if (!parsed) throw new Error(`${project} was not read`)
  const program = ts.createProgram(parsed.fileNames, parsed.options)
  const files = parsed.fileNames.flatMap((name) => program.getSourceFile(name) ?? [])
  if (files.length < FEWEST_FILES) console.error(`error too-few-files: ${files.length} seen in ${project}, fewer than ${FEWEST_FILES}`)
  const floating = files.flatMap((file) => floatingPromises(file, program.getTypeChecker()))
  return { files, floating, diagnostics: [...parsed.errors, ...ts.getPreEmitDiagnostics(program)] }
}

const formatHost = { getCurrentDirectory: () => process.cwd(), getCanonicalFileName: (name: string) => name, getNewLine: () => '\n' }
const checked = projects.map(check)
const [files, floating, diagnostics] = [
  checked.flatMap((one) => one.files),
  checked.flatMap((one) => one.floating),
  checked.flatMap((one) => one.diagnostics),
]

process.stderr.write(ts.formatDiagnostics(diagnostics, formatHost))
for (const expression of floating) console.error(lineOf(expression))
console.log(`${files.length} files, ${diagnostics.length} errors, ${floating.length} floating promises`)

if (diagnostics.length > 0 || floating.length > 0 || checked.some((one) => one.files.length < FEWEST_FILES)) process.exit(1)
