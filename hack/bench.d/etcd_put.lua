-- One put of 1 KiB under a key of its own, through etcd's HTTP gateway (base64).
local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end
function init(args)
  count = 0
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  value = string.rep("eHh4", 341)
end
function request()
  count = count + 1
  -- Digits and letters in groups of four are valid base64.
  local key = string.format("%04d%012d", id, count)
  return wrk.format(nil, nil, nil, '{"key":"' .. key .. '","value":"' .. value .. '"}')
end
