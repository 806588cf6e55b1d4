import { describe } from 'vitest'
import { startGate } from '../../gate-fixtures.ts'
import { isInstalled } from '../../proxies.ts'
import { type Door, doors } from './doors.ts'
import { type Known, testGuarantees } from './guarantees.ts'

const programs = ['nginx', 'Caddy', 'HAProxy']
const doorNames = Object.keys(doors).filter((name) => !programs.includes(name) || isInstalled(name.toLowerCase() as 'nginx'))

describe.each(doorNames)('through %s', (name) => {
  testGuarantees(async (known: Known): Promise<Door> => {
    const gate = await startGate({ ...known, trusting: true })
    const door = await doors[name]?.(gate)
    if (door === undefined) throw new Error(`no door ${name}`)
    return { knock: door.knock, stop: () => door.stop().then(gate.stop) }
  }, programs.includes(name))
})
