import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MessageAssembler } from '../../../cli/chat/message-assembler.ts'

/** The messages that lines make; `lines` with a trailing tab are in the middle of a paste. */
function messagesOf(...lines: readonly string[]): string[] {
  const assembler = new MessageAssembler()
  const messages = lines.map((line) => assembler.add(line.replace(/\t$/, ''), line.endsWith('\t')))
  if (assembler.isOpen) messages.push('(open)')
  return messages.filter((message) => message !== undefined)
}

test('a line is a message', () => {
  assert.equal(messagesOf('one', '', ' two '), ['one', '', ' two '])
})

test('a backslash at the end goes on', () => {
  assert.equal(messagesOf('a\\', 'b\\', 'c', 'd'), ['a\nb\nc', 'd'])
  assert.equal(messagesOf('a\\'), ['(open)'])
})

test('between fences everything is one message', () => {
  assert.equal(messagesOf('"""', 'a\\', '', ' b', '"""', 'c'), ['a\\\n\n b', 'c'])
  assert.equal(messagesOf('"""a', 'b"""'), ['a\nb'])
  assert.equal(messagesOf('"""a"""', 'b'), ['a', 'b'])
  assert.equal(messagesOf('"""', 'a'), ['(open)'])
})

test('a paste goes on to the line that is typed after it', () => {
  assert.equal(messagesOf('a\t', 'b\\\t', 'c'), ['a\nb\\\nc'])
})

test('what has begun can be forgotten', () => {
  const assembler = new MessageAssembler()
  assembler.add('"""')
  assembler.add('x')
  assembler.clear()
  assert.not(assembler.isOpen)
  assert.is(assembler.add('y'), 'y')
})

test.run()
