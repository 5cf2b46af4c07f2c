-- What wrk sends, from the environment, and what it found, as one line of JSON. Latencies in microseconds.
wrk.method = os.getenv("BENCH_METHOD") or "GET"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["content-type"] = wrk.body and "application/json" or nil
wrk.headers["x-api-key"] = os.getenv("BENCH_API_KEY")

-- Milliseconds between a reply and the next request; not part of any latency.
local pause = tonumber(os.getenv("BENCH_PAUSE_MS"))
if pause then
    delay = function() return pause end
end

done = function(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    print(string.format(
        '{"requests": %d, "seconds": %f, "failed": %d, "p50_us": %f, "p99_us": %f, "min_us": %f}',
        summary.requests, summary.duration / 1e6, failed,
        latency:percentile(50), latency:percentile(99), latency.min))
end
