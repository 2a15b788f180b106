-- wrk: posts the prepared requests of a file, round and round, and in the end
-- writes what it counted to standard error, as one line of JSON.
--
--   wrk ... -s requests.lua http://127.0.0.1:PORT -- FILE
--
-- FILE is a row of requests, whole as they are sent, each behind a line with
-- its length. All latencies are told, as [microseconds, how often] pairs.

local prepared, turn = {}, 0

function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   for length in file:lines() do
      prepared[#prepared + 1] = file:read(tonumber(length))
   end
   file:close()
end

function request()
   turn = turn % #prepared + 1
   return prepared[turn]
end

function done(summary, latency)
   local pairs_of = {}
   for index = 1, #latency do
      pairs_of[index] = string.format("[%d,%d]", latency(index))
   end
   local errors = summary.errors
   io.stderr:write(
      string.format(
         '{"answers":%d,"duration_us":%d,"refused":%d,"socket_errors":%d,'
            .. '"timeouts":%d,"latency":[%s]}\n',
         summary.requests,
         summary.duration,
         errors.status,
         errors.connect + errors.read + errors.write,
         errors.timeout,
         table.concat(pairs_of, ",")
      )
   )
end
