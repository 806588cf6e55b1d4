import { useMutation } from '@tanstack/react-query'
import { Braces, Download, Table } from 'lucide-react'
import { Button } from '../elements/button.tsx'
import { messageOf } from '../elements/dialog.tsx'
import { Menu, MenuItem } from '../elements/menu.tsx'
import { announce, announceFailure } from '../elements/toast.tsx'
import { download } from './download.ts'
import { asCsv, asJsonLines } from './export.ts'

/** No file is larger: it is put together in the browser's memory. */
export const mostExported = 50_000

interface ExportMenuProps {
  /** Of the file, without what comes after the dot. */
  readonly name: string
  /** All that the filters let through, up to `mostExported`. */
  readonly load: () => Promise<readonly object[]>
}

export function ExportMenu({ name, load }: ExportMenuProps) {
  const save = useMutation({
    mutationFn: async (format: 'csv' | 'jsonl') => {
      const entries = await load()
      if (format === 'csv') download(`${name}.csv`, 'text/csv;charset=utf-8', asCsv(entries))
      else download(`${name}.jsonl`, 'application/jsonl;charset=utf-8', asJsonLines(entries))
      return entries.length
    },
    onSuccess: (count) =>
      announce(
        `${count < mostExported ? '' : 'Only the newest '}${count.toLocaleString('en')} ${count === 1 ? 'entry' : 'entries'} exported`,
      ),
    onError: (error) => announceFailure(messageOf(error)),
  })
  return (
    <Menu
      trigger={
        <Button icon={<Download size={16} aria-hidden />} isBusy={save.isPending}>
          Export
        </Button>
      }
    >
      <MenuItem icon={<Table size={16} aria-hidden />} onSelect={() => save.mutate('csv')}>
        CSV
      </MenuItem>
      <MenuItem icon={<Braces size={16} aria-hidden />} onSelect={() => save.mutate('jsonl')}>
        JSON lines
      </MenuItem>
    </Menu>
  )
}
