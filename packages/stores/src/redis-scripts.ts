/**
 * The operations on Redis: one Lua script each, which the server runs as one atomic step.
 *
 * A leased key holds `L1:<token>:<tag>`, a done one `D1:<tag>`; when either ends is the key's own expiry, on the server's clock.
 * Whatever else lies there is refused before anything is written. KEYS are the key and, if there is one, its mark.
 */

const LOOK = `
local token, tag = ARGV[1], ARGV[2]
local function look(name)
  local value = redis.pcall('GET', name)
  if not value then return 'free' end
  if type(value) == 'string' then
    local left = redis.call('PTTL', name)
    if left >= 0 then
      local holder, kept = string.match(value, '^L1:([^:]+):(.*)$')
      if holder == token then return 'mine', left end
      if holder then return 'busy', left end
      kept = string.match(value, '^D1:(.*)$')
      if kept then return 'done', kept end
    end
  end
  return 'corrupt', name
end
local key, about = look(KEYS[1])
local mark, aboutMark = 'none', ''
if KEYS[2] then mark, aboutMark = look(KEYS[2]) end
if key == 'corrupt' then return {'corrupt', about} end
if mark == 'corrupt' then return {'corrupt', aboutMark} end
`;

/** ARGV: token, tag, lease. A free key without a mark, which most claims are, takes one command. */
const CLAIM = `
if not KEYS[2] and redis.call('SET', KEYS[1], 'L1:' .. ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3], 'NX') then return {'claimed', 'none'} end
${LOOK}
if key == 'done' then return {'duplicate', about} end
if key == 'busy' then return {'busy', tostring(about)} end
local value = 'L1:' .. token .. ':' .. tag
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
if mark == 'free' or mark == 'mine' then redis.call('SET', KEYS[2], value, 'PX', ARGV[3]) end
return {'claimed', mark}
`;

/** ARGV: token, tag, lease. */
const RENEW = `${LOOK}
if key ~= 'mine' then return {'lost'} end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if mark == 'mine' then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
return {'ok'}
`;

/** ARGV: token, tag, milliseconds to keep the key, milliseconds to keep the mark. */
const COMMIT = `${LOOK}
if key == 'free' or key == 'mine' then redis.call('SET', KEYS[1], 'D1:' .. tag, 'PX', ARGV[3]) end
if mark ~= 'none' and mark ~= 'done' then redis.call('SET', KEYS[2], 'D1:' .. tag, 'PX', ARGV[4]) end
return {key == 'busy' and 'held' or 'ok'}
`;

/** ARGV: token, tag. */
const RELEASE = `${LOOK}
if key == 'mine' then redis.call('DEL', KEYS[1]) end
if mark == 'mine' then redis.call('DEL', KEYS[2]) end
return {'ok'}
`;

/** Answers what the server does with keys when its memory is full; a server that does not tell is taken at its best. */
const CHECK = `
redis.call('EXISTS', KEYS[1])
local info = redis.pcall('INFO', 'memory')
if type(info) ~= 'string' then return {'ok', '0', 'noeviction'} end
return {'ok', string.match(info, 'maxmemory:(%d+)') or '0', string.match(info, 'maxmemory_policy:(%S+)') or 'noeviction'}
`;

/** The text of each operation's script. */
export const SCRIPTS = { claim: CLAIM, renew: RENEW, commit: COMMIT, release: RELEASE, check: CHECK } as const;
