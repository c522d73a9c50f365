-- Every request makes one ConfigMap of about 1.3 KB under a name of its own.
local threads = 0
function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end
function init(args)
  count = 0
  run = os.getenv("RUN_ID")
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  wrk.headers["Content-Type"] = "application/json"
  fill = string.rep("x", 256)
end
function request()
  count = count + 1
  local name = string.format("c%s-%d-%d", run, id, count)
  local body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"' .. name ..
    '","labels":{"app":"bench","part":"p' .. count % 100 .. '"}},"data":{"a":"' .. fill ..
    '","b":"' .. fill .. '","c":"' .. fill .. '","d":"' .. fill .. '"}}'
  return wrk.format(nil, nil, nil, body)
end
