#include <fmt/format.h>

#include <ostream>

#include "apis/machinery/meta/object.h"
#include "apis/machinery/meta/status.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/print/table.h"

namespace gantry::kubectl {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);

Result<Json> Ask(Session& session, const char* method, const char* path) {
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  GANTRY_TRY_SET(const client::HttpResponse response,
                 client->transport()->Do(session.ctx(), {method, path, {}, ""}));
  if (response.status >= 300) return ErrorFromStatus(response.status, response.body);
  return ParseJson(response.body);
}

int64_t StaleObjects(const Json& state) {
  int64_t objects = 0;
  for (const Json& item : GetArray(state, "stale")) objects += GetInt(item, "objects");
  return objects;
}

Result<int> ShowEncryption(Session& session) {
  GANTRY_TRY_SET(const Json state, Ask(session, "GET", "/encryption"));
  ColumnWriter columns(session.io().out);
  columns.Row({"KEY", "FINGERPRINT", "WRITES", "TO RE-ENCRYPT"});
  const auto row = [&](const std::string& name, const std::string& fingerprint) {
    std::string writes;
    int64_t objects = 0;
    for (const auto& [prefix, key] : GetObject(state, "writes").items()) {
      if (key == (fingerprint.empty() ? Json() : Json(name)))
        writes += (writes.empty() ? "" : ",") + prefix;
    }
    for (const Json& item : GetArray(state, "stale")) {
      if (GetString(item, "fingerprint") == fingerprint) objects += GetInt(item, "objects");
    }
    columns.Row(
        {name.empty() ? "<not encrypted>" : name, fingerprint, writes, fmt::format("{}", objects)});
  };
  for (const Json& key : GetArray(state, "keys"))
    row(GetString(key, "name"), GetString(key, "fingerprint"));
  row("", "");
  columns.Flush();
  return 0;
}

Result<int> Reencrypt(Session& session) {
  GANTRY_TRY_SET(const Json before, Ask(session, "GET", "/encryption"));
  GANTRY_TRY_SET(Json state, Ask(session, "POST", "/encryption/reencrypt"));
  while (GetString(state, "reencryption") == "running") {
    GANTRY_TRY(session.ctx().SleepFor(kPoll));
    GANTRY_TRY_SET(state, Ask(session, "GET", "/encryption"));
  }
  if (GetString(state, "reencryption") != "done") {
    return LocalError(fmt::format("{} objects are left: {}", StaleObjects(state),
                                  GetString(state, "error", "the server ended meanwhile")));
  }
  session.io().out << fmt::format(
      "{} objects encrypted anew; keys that write nothing are no longer needed\n",
      StaleObjects(before));
  return 0;
}

}  // namespace

void AddEncryption(const Command& root, Session* session) {
  const Command encryption = root.Add("encryption", "encryption of stored objects");
  encryption.Add("status", "show the keys, and how many objects are not encrypted as they would be")
      .Runs([session] { return ShowEncryption(*session); });
  encryption.Add("reencrypt", "encrypt everything anew that an older key or none has encrypted")
      .Runs([session] { return Reencrypt(*session); });
}

}  // namespace gantry::kubectl
