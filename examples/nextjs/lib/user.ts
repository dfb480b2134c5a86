const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

/** Who asks: in yours, the session of Auth.js or what you use. */
export function userOf(request: Request): string | undefined {
  return users.get(request.headers.get('authorization') ?? '')
}
