#include <fmt/format.h>

#include <ostream>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/meta/object.h"
#include "apis/machinery/meta/status.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/table.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

constexpr size_t kRowsAtOnce = 200;

struct AuditFlags {
  std::vector<std::string> words;
  std::string user;
  std::string verb;
  std::string since;
  std::string since_time;
  std::string until_time;
  std::string output;
};

// `services.gantry.dev/web in shop`, or the path of what is no object.
std::string AuditedObject(const Json& event) {
  const Json& ref = GetObject(event, "objectRef");
  if (ref.empty()) return GetString(event, "requestURI");
  std::string text = GetString(ref, "resource");
  for (const auto& [field, before] :
       {std::pair{"apiGroup", '.'}, {"subresource", '/'}, {"name", '/'}}) {
    if (const std::string value = GetString(ref, field); !value.empty()) text += before + value;
  }
  const std::string ns = GetString(ref, "namespace");
  return ns.empty() ? text : text + " in " + ns;
}

std::vector<std::string> AuditRow(const Json& event) {
  const Json& status = GetObject(event, "responseStatus");
  const Json& from = GetArray(event, "sourceIPs");
  return {GetString(event, "requestReceivedTimestamp").substr(0, 19) + "Z",
          GetString(GetObject(event, "user"), "username", "<unknown>"),
          GetString(event, "verb"),
          AuditedObject(event),
          std::to_string(GetInt(status, "code")),
          from.empty() || !from[0].is_string() ? "" : from[0].get<std::string>()};
}

class AuditReader {
 public:
  AuditReader(Session* session, const AuditFlags& flags)
      : session_(*session), flags_(flags), columns_(session->io().out) {}

  Result<int> Run() {
    if (!flags_.output.empty() && flags_.output != "json") {
      return LocalError("--output must be 'json'");
    }
    GANTRY_TRY_SET(const std::string query, Query());
    GANTRY_TRY_SET(const client::Client* const client, session_.client());
    GANTRY_TRY_SET(auto response,
                   client->transport()->Stream(session_.ctx(),
                                               {"GET", "/audit" + query, {{"Accept", "*/*"}}, ""}));
    if (response.status >= 300) return ErrorFromStatus(response.status, response.error_body);
    std::string buffer;
    while (true) {
      GANTRY_TRY_SET(const std::string piece, response.stream->Read());
      if (piece.empty()) break;
      buffer += piece;
      GANTRY_TRY(PrintLines(&buffer));
    }
    columns_.Flush();
    if (rows_ == 0 && flags_.output.empty()) session_.io().err << "No records found\n";
    return 0;
  }

 private:
  Result<std::string> Query() {
    std::string query;
    const auto add = [&query](const char* name, const std::string& value) {
      if (value.empty()) return;
      query +=
          fmt::format("{}{}={}", query.empty() ? '?' : '&', name, client::PercentEncode(value));
    };
    if (flags_.words.size() > 1) return LocalError("expected at most one TYPE or TYPE/NAME");
    if (!flags_.words.empty()) {
      const std::string& word = flags_.words[0];
      const size_t slash = word.find('/');
      GANTRY_TRY_SET(const Mapper* const mapper, session_.mapper());
      GANTRY_TRY_SET(const ServedResource* const type, mapper->Find(word.substr(0, slash)));
      add("resource", type->resource.plural);
      if (slash != std::string::npos) add("name", word.substr(slash + 1));
    }
    add("namespace", session_.flags.ns);
    add("user", flags_.user);
    add("verb", flags_.verb);
    if (!flags_.since.empty() && !flags_.since_time.empty()) {
      return LocalError("only one of --since and --since-time may be used");
    }
    add("since", flags_.since_time);
    add("until", flags_.until_time);
    if (!flags_.since.empty()) {
      GANTRY_TRY_SET(const Duration since, ParseTimeout(flags_.since));
      add("since", FormatMicroTime(Clock::Real()->Now() - since));
    }
    return query;
  }

  // Prints the whole lines of `buffer` and leaves the rest in it.
  Status PrintLines(std::string* buffer) {
    const size_t end = buffer->rfind('\n');
    if (end == std::string::npos) return OkStatus();
    for (size_t from = 0; from <= end;) {
      const size_t stop = buffer->find('\n', from);
      const std::string_view line(buffer->data() + from, stop - from);
      from = stop + 1;
      if (flags_.output == "json") {
        session_.io().out << line << "\n";
        continue;
      }
      GANTRY_TRY_SET(const Json event, ParseJson(line));
      // One row for each request, also where the log has several stages of it.
      if (GetString(event, "stage") != "ResponseComplete") continue;
      if (rows_++ == 0) columns_.Row({"TIME", "USER", "VERB", "OBJECT", "CODE", "FROM"});
      columns_.Row(AuditRow(event));
      if (rows_ % kRowsAtOnce == 0) columns_.Flush();
    }
    buffer->erase(0, end + 1);
    return OkStatus();
  }

  Session& session_;
  const AuditFlags& flags_;
  ColumnWriter columns_;
  size_t rows_ = 0;
};

}  // namespace

void AddAudit(const Command& root, Session* session) {
  auto flags = std::make_shared<AuditFlags>();
  const Command verb =
      root.Add("audit", "show who did what", "kubectl-gantry audit app/shop --since 1h");
  verb.Words(&flags->words, "a type, or a type and a name")
      .Text("--user", &flags->user, "only what this user did")
      .Text("--verb", &flags->verb, "only create, update, patch, delete ...")
      .Text("--since", &flags->since, "not older than this: 5m, 2h")
      .Text("--since-time", &flags->since_time, "not before this time (RFC 3339)")
      .Text("--until-time", &flags->until_time, "not after this time (RFC 3339)")
      .Text("-o,--output", &flags->output, "json: the records themselves, one a line");
  verb.Runs([session, flags] { return AuditReader(session, *flags).Run(); });
}

}  // namespace gantry::kubectl
