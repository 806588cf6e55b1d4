-- /etc/haproxy/postern.lua: HAProxy asks Postern's gate about a request before it passes it on.
local gate = "http://127.0.0.1:7480/authorize"

-- What belongs to one connection, what says how long a body is, and what HAProxy says itself. The gate gets all else that the client sent.
local not_for_gate = {
  ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["upgrade"] = true,
  ["transfer-encoding"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["forwarded"] = true,
}

-- CGI and its like cannot tell "_" from "-".
local function spelling(name)
  return (name:lower():gsub("_", "-"))
end

local function begins(name, start)
  return name:sub(1, #start) == start
end

-- Headers by which a service could take the caller for somebody else, or a request for another one.
local function is_claim(name)
  return begins(name, "cf-") or begins(name, "x-forwarded-") or begins(name, "x-original-") or name == "x-rewrite-url"
    or name == "x-host" or name == "x-real-ip" or name == "true-client-ip" or name == "forwarded"
end

local function question(txn, headers, target)
  local asked = {}
  for name, values in pairs(headers) do
    if not not_for_gate[name] and not begins(name, "x-forwarded-") and not begins(name, "x-original-") then
      asked[name] = {}
      for at = 0, #values do asked[name][at + 1] = values[at] end
    end
  end
  asked["x-forwarded-host"] = { txn.f:req_fhdr("host") or "" }
  asked["x-forwarded-uri"] = { target }
  asked["x-forwarded-method"] = { txn.f:method() }
  asked["x-forwarded-for"] = { txn.f:src() }
  return asked
end

local function refuse(txn, status, headers, body)
  local reply = txn:reply({ status = status, body = body })
  for _, name in ipairs({ "content-type", "cache-control", "cf-ray", "cf-access-aud", "cf-access-domain", "retry-after" }) do
    if headers[name] then reply:add_header(name, headers[name][0]) end
  end
  txn:done(reply)
end

-- All cookies but the one in which the gate keeps a session.
local function without_session(cookies)
  local kept = {}
  for pair in cookies:gmatch("[^;]+") do
    local trimmed = pair:match("^%s*(.-)%s*$")
    if not trimmed:find("^CF_Authorization%s*=") then kept[#kept + 1] = trimmed end
  end
  return table.concat(kept, "; ")
end

core.register_action("ask_postern", { "http-req" }, function(txn)
  local headers = txn.http:req_get_headers()
  local target = txn.f:pathq() or ""
  if target:sub(1, 1) ~= "/" or headers["host"] and headers["host"][1] then return refuse(txn, 400, {}, "") end

  local answer = core.httpclient():get({ url = gate, headers = question(txn, headers, target), timeout = 5000 })
  if not answer or not answer.status or answer.status == 0 then return refuse(txn, 503, {}, "") end
  if answer.status ~= 200 then return refuse(txn, answer.status, answer.headers or {}, answer.body or "") end

  -- The service gets the path that the gate was asked about, also where the client sent a whole URL.
  txn.http:req_set_uri(target)
  for name in pairs(headers) do
    if is_claim(spelling(name)) then txn.http:req_del_header(name) end
  end
  if headers["cookie"] then
    local all = {}
    for at = 0, #headers["cookie"] do all[at + 1] = headers["cookie"][at] end
    local cookies = without_session(table.concat(all, "; "))
    txn.http:req_del_header("cookie")
    if cookies ~= "" then txn.http:req_add_header("cookie", cookies) end
  end
  local assertion, cookie = answer.headers["cf-access-jwt-assertion"], answer.headers["set-cookie"]
  if assertion then txn.http:req_set_header("cf-access-jwt-assertion", assertion[0]) end
  if cookie then txn:set_var("txn.postern_cookie", cookie[0]) end
  -- Last of all. HAProxy goes on with a request when a script fails; haproxy.cfg lets nothing pass without this.
  txn:set_var("txn.postern_admitted", true)
end, 0)
