import { describe, expect, test } from 'vitest'
import { presentedIn } from './credentials.ts'

const pair = { kind: 'pair', clientId: 'id', secret: 'secret' }
const nothing = { kind: 'nothing' }
const unusable = (reason: string) => ({ kind: 'unusable', reason })

describe('service-token headers', () => {
  test.each([
    ['both headers', ['CF-Access-Client-Id', 'id', 'CF-Access-Client-Secret', 'secret'], pair],
    ['both headers in the other order', ['CF-Access-Client-Secret', 'secret', 'CF-Access-Client-Id', 'id'], pair],
    ['lower case', ['cf-access-client-id', 'id', 'cf-access-client-secret', 'secret'], pair],
    ['odd case', ['cF-aCCESS-cLIENT-iD', 'id', 'CF-ACCESS-CLIENT-SECRET', 'secret'], pair],
    ['others in between', ['Host', 'a', 'CF-Access-Client-Id', 'id', 'Accept', '*/*', 'CF-Access-Client-Secret', 'secret', 'X', 'y'], pair],
    ['no header at all', [], nothing],
    ['other headers only', ['Host', 'a', 'CF-Access-Client', 'id'], nothing],
    ['another header of the same length', ['XX-Access-Client-Id', 'id', 'XX-Access-Client-Secret', 'secret'], nothing],
    [
      'a header as the value of another',
      ['X', 'cf-access-client-id', 'cf-access-client-secret', 'cf-access-client-id'],
      unusable('missing_client_id'),
    ],
    ['both empty', ['CF-Access-Client-Id', '', 'CF-Access-Client-Secret', ''], nothing],
    ['the client id alone', ['CF-Access-Client-Id', 'id'], unusable('missing_client_secret')],
    ['the secret alone', ['CF-Access-Client-Secret', 'secret'], unusable('missing_client_id')],
    ['an empty secret', ['CF-Access-Client-Id', 'id', 'CF-Access-Client-Secret', ''], unusable('missing_client_secret')],
    ['an empty client id', ['CF-Access-Client-Id', '', 'CF-Access-Client-Secret', 'secret'], unusable('missing_client_id')],
  ])('%s', (_case, headers, presented) => {
    expect(presentedIn(headers)).toEqual(presented)
  })

  test.each([
    ['the client id twice', ['CF-Access-Client-Id', 'id', 'CF-Access-Client-Id', 'id', 'CF-Access-Client-Secret', 'secret']],
    [
      'the client id twice in different case',
      ['CF-Access-Client-Id', 'id', 'cf-access-client-ID', 'id', 'CF-Access-Client-Secret', 'secret'],
    ],
    ['the secret twice', ['CF-Access-Client-Id', 'id', 'CF-Access-Client-Secret', 'secret', 'CF-Access-Client-Secret', 'secret']],
    ['an empty one beside a full one', ['CF-Access-Client-Id', '', 'CF-Access-Client-Id', 'id', 'CF-Access-Client-Secret', 'secret']],
    ['two empty ones', ['CF-Access-Client-Secret', '', 'CF-Access-Client-Secret', '']],
  ])('%s is unusable, even when the values agree: nobody can say which one counts', (_case, headers) => {
    expect(presentedIn(headers)).toEqual(unusable('repeated_header'))
  })

  test('values are taken as they are', () => {
    const headers = ['CF-Access-Client-Id', 'ID, id', 'CF-Access-Client-Secret', ' \t']
    expect(presentedIn(headers)).toEqual({ kind: 'pair', clientId: 'ID, id', secret: ' \t' })
  })
})

describe('a header of the application’s own', () => {
  const inOne = (value: string, ...more: string[]) => presentedIn(['Authorization', value, ...more], 'authorization')
  const json = JSON.stringify({ 'cf-access-client-id': 'id', 'cf-access-client-secret': 'secret' })

  test.each([
    ['JSON with both', [json], pair],
    ['JSON with more in it', ['{"a":1,"cf-access-client-id":"id","cf-access-client-secret":"secret"}'], pair],
    ['JSON after white space', [`  ${json}`], pair],
    ['what is not JSON at all: another’s credential', ['Bearer abc'], nothing],
    ['an empty value', [''], nothing],
    ['broken JSON', ['{"cf-access-client-id":"id"'], unusable('malformed_token_header')],
    ['JSON without them', ['{}'], unusable('malformed_token_header')],
    ['keys in another case', ['{"CF-Access-Client-Id":"id","CF-Access-Client-Secret":"secret"}'], unusable('malformed_token_header')],
    ['values that are no text', ['{"cf-access-client-id":1,"cf-access-client-secret":null}'], unusable('malformed_token_header')],
    ['an empty secret', ['{"cf-access-client-id":"id","cf-access-client-secret":""}'], unusable('missing_client_secret')],
    ['an empty client id', ['{"cf-access-client-id":"","cf-access-client-secret":"x"}'], unusable('missing_client_id')],
    ['the header twice', [json, 'AUTHORIZATION', json], unusable('repeated_header')],
    ['both styles at once', [json, 'CF-Access-Client-Id', 'id', 'CF-Access-Client-Secret', 'secret'], unusable('both_styles')],
    ['half of the other style beside it', [json, 'CF-Access-Client-Id', 'id'], unusable('both_styles')],
    ['another’s credential beside the two headers', ['Bearer abc', 'CF-Access-Client-Id', 'id', 'CF-Access-Client-Secret', 'secret'], pair],
  ])('%s', (_case, [value = '', ...more], presented) => {
    expect(inOne(value, ...more)).toEqual(presented)
  })

  test('means nothing to an application that does not read it', () => {
    expect(presentedIn(['Authorization', json])).toEqual(nothing)
  })
})
