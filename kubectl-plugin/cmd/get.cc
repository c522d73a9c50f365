#include <fmt/format.h>

#include <ostream>

#include "apis/machinery/meta/status.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/named_by_roles.h"
#include "kubectl-plugin/print/object_printer.h"
#include "kubectl-plugin/print/table.h"
#include "kubectl-plugin/selection.h"
#include "kubectl-plugin/targets.h"

namespace gantry::kubectl {
namespace {

constexpr int kPageSize = 500;
constexpr char kTable[] =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/"
    "json;as=Table;v=v1beta1;g=meta.k8s.io,"
    "application/json";

struct GetFlags {
  std::vector<std::string> words;
  std::vector<std::string> files;
  bool recursive = false;
  bool all_namespaces = false;
  bool watch = false;
  bool no_headers = false;
  bool show_labels = false;
  bool show_managed_fields = false;
  bool ignore_not_found = false;
  std::string selector;
  std::string field_selector;
  std::string output;
  std::string raw;
  std::vector<std::string> label_columns;
};

// One GET: of an object by its name, or of a list.
struct Query {
  const ServedResource* type;
  std::string ns;
  std::string name;
  std::string listed_name = {};  // of a list: only the object of that name; empty: all
};

class Getter {
 public:
  Getter(Session* session, const GetFlags& flags) : session_(*session), flags_(flags) {}

  Result<int> Run() {
    if (!flags_.raw.empty()) return Raw();
    GANTRY_TRY_SET(printer_, ObjectPrinter::ForFormat(flags_.output));
    if (printer_) printer_->set_show_managed_fields(flags_.show_managed_fields);
    GANTRY_TRY_SET(const std::vector<Query> queries, Queries());
    if (flags_.watch && queries.size() > 1) {
      return LocalError("you may only specify a single resource type or object with --watch");
    }
    return printer_ ? Objects(queries) : Tables(queries);
  }

 private:
  Result<int> Raw() {
    GANTRY_TRY_SET(const std::string text, session_.FetchText(flags_.raw));
    session_.io().out << text;
    return 0;
  }

  Result<std::vector<Query>> Queries() {
    GANTRY_TRY_SET(const Mapper* mapper, session_.mapper());
    GANTRY_TRY_SET(const std::string ns, session_.ns());
    std::vector<Query> queries;
    if (!flags_.files.empty()) {
      GANTRY_TRY_SET(const auto objects, ObjectsOfFiles(session_, flags_.files, flags_.recursive));
      for (const NamedObject& o : objects) queries.push_back({o.type, o.key.ns, o.key.name});
      return queries;
    }
    if (flags_.words.empty()) {
      return LocalError("you must specify the type of resource to get, or -f");
    }
    GANTRY_TRY_SET(const std::vector<Target> targets, ParseTargets(*mapper, flags_.words));
    for (const Target& target : targets) {
      if (target.names.empty()) {
        queries.push_back({target.type, flags_.all_namespaces ? "" : ns, ""});
        continue;
      }
      if (flags_.all_namespaces) {
        return LocalError("a resource cannot be retrieved by name across all namespaces");
      }
      if (!flags_.selector.empty()) {
        return LocalError(
            "selectors and the all flag cannot be used when passing resource/name arguments");
      }
      for (const std::string& name : target.names) queries.push_back({target.type, ns, name});
    }
    return queries;
  }

  std::string TargetOf(const Query& query, const std::string& continue_token) const {
    std::string target = client::ResourcePath(query.type->resource, query.ns, query.name, "");
    if (!query.name.empty()) return target;
    target += fmt::format("?limit={}", kPageSize);
    const auto add = [&target](const char* name, const std::string& value) {
      if (!value.empty()) target += fmt::format("&{}={}", name, client::PercentEncode(value));
    };
    add("labelSelector", flags_.selector);
    add("fieldSelector", FieldsOf(query));
    add("continue", continue_token);
    return target;
  }

  std::string FieldsOf(const Query& query) const {
    const std::string& name = query.name.empty() ? query.listed_name : query.name;
    if (name.empty()) return flags_.field_selector;
    const std::string by_name = "metadata.name=" + name;
    const bool both = query.name.empty() && !flags_.field_selector.empty();
    return both ? by_name + "," + flags_.field_selector : by_name;
  }

  // All pages of a query, each given to `use`, or of what the caller's roles name when they may not
  // list all. The revision of the last one.
  template <typename Use>
  Result<std::string> Read(Query& query, const char* accept, Use use) {
    Result<std::string> got = Pages(query, accept, use);
    if (got.ok() || got.code() != Code::kForbidden || !query.name.empty() ||
        flags_.all_namespaces) {
      return got;
    }
    const std::string ns = query.type->resource.namespaced ? query.ns : "";
    const auto names = NamedByRoles(session_, query.type->resource, ns);
    if (!names.ok() || names->empty()) return got;
    if (flags_.watch && names->size() > 1) {
      return LocalError(
          fmt::format("your roles name {}: you may only watch one of them, by its name",
                      fmt::join(*names, ", ")));
    }
    for (const std::string& name : *names) {
      query.listed_name = name;
      GANTRY_TRY_SET(got, Pages(query, accept, use));
    }
    return got;
  }

  // All pages of a query as it is.
  template <typename Use>
  Result<std::string> Pages(const Query& query, const char* accept, Use use) {
    std::string token;
    while (true) {
      GANTRY_TRY_SET(const Json page, session_.Fetch("GET", TargetOf(query, token), accept));
      use(page);
      const Json& metadata = GetObject(page, "metadata");
      token = GetString(metadata, "continue");
      if (token.empty()) return GetString(metadata, "resourceVersion");
    }
  }

  Result<int> Objects(std::vector<Query> queries) {
    std::ostream& out = session_.io().out;
    std::vector<std::pair<const ServedResource*, Json>> items;
    std::string revision;
    for (Query& query : queries) {
      const auto got = Read(query, "application/json", [&](const Json& page) {
        if (!query.name.empty()) {
          items.emplace_back(query.type, page);
          return;
        }
        for (Json item : GetArray(page, "items")) {
          if (GetString(item, "kind").empty()) {
            item["apiVersion"] = query.type->resource.gvk().group_version().ToString();
            item["kind"] = query.type->resource.kind;
          }
          items.emplace_back(query.type, std::move(item));
        }
      });
      if (!got.ok()) {
        if (Ignored(got.error())) continue;
        return got.error();
      }
      revision = *got;
    }
    const bool single = queries.size() == 1 && !queries[0].name.empty();
    if (printer_->is_name() || single || flags_.watch) {
      for (const auto& item : items) printer_->Print(item.first, item.second, out);
    } else {
      std::vector<Json> documents;
      for (auto& item : items) documents.push_back(std::move(item.second));
      printer_->Print(nullptr, ListDocument(documents), out);
    }
    if (!flags_.watch) return 0;
    return Watch(queries[0], revision, "application/json", [&](const Json& object) {
      printer_->Print(queries[0].type, object, out);
      out.flush();
    });
  }

  bool Ignored(const Error& e) const {
    return flags_.ignore_not_found && e.code == Code::kNotFound;
  }

  Result<int> Tables(std::vector<Query> queries) {
    Io& io = session_.io();
    bool several = false;
    for (const Query& q : queries) several = several || q.type != queries[0].type;
    int code = 0;
    bool printed = false;
    std::string revision;
    for (size_t i = 0; i < queries.size();) {
      // Names of one type share a table.
      ColumnWriter columns(io.out);
      TablePrinter table = PrinterOf(queries[i], several, &columns);
      bool rows = false;
      const ServedResource* type = queries[i].type;
      for (; i < queries.size() && queries[i].type == type; ++i) {
        const auto got = Read(queries[i], kTable, [&](const Json& page) {
          if (GetArray(page, "rows").empty()) return;
          table.Add(page);
          rows = true;
        });
        if (got.ok()) {
          revision = *got;
        } else if (!Ignored(got.error())) {
          if (queries.size() == 1) return got.error();
          io.err << FormatError(got.error()) << "\n";
          code = 1;
        }
      }
      if (!rows) continue;
      if (std::exchange(printed, true)) io.out << "\n";
      columns.Flush();
      if (flags_.watch) return WatchTable(queries[0], revision, &table, &columns);
    }
    if (flags_.watch) {
      ColumnWriter columns(io.out);
      TablePrinter table = PrinterOf(queries[0], several, &columns);
      return WatchTable(queries[0], revision, &table, &columns);
    }
    if (!printed && code == 0 && !flags_.ignore_not_found) {
      const bool global = queries[0].ns.empty() || !queries[0].type->resource.namespaced;
      io.err << (global ? "No resources found\n"
                        : fmt::format("No resources found in {} namespace.\n", queries[0].ns));
    }
    return code;
  }

  TablePrinter PrinterOf(const Query& query, bool several, ColumnWriter* columns) const {
    TableOptions options;
    options.wide = flags_.output == "wide";
    options.headers = !flags_.no_headers;
    options.with_namespace = flags_.all_namespaces && query.type->resource.namespaced;
    options.show_labels = flags_.show_labels;
    options.label_columns = flags_.label_columns;
    if (several) options.name_prefix = query.type->ObjectName("");
    return TablePrinter(columns, options);
  }

  Result<int> WatchTable(const Query& query, const std::string& revision, TablePrinter* table,
                         ColumnWriter* columns) {
    return Watch(query, revision, kTable, [&](const Json& document) {
      table->Add(document);
      columns->Flush();
    });
  }

  // Follows a list, or one object by its name, from a revision; ends with an error or not at all.
  template <typename Use>
  Result<int> Watch(const Query& query, std::string revision, const char* accept, Use use) {
    GANTRY_TRY_SET(const client::Client* client, session_.client());
    while (true) {
      Query list = query;
      list.name.clear();
      std::string target = TargetOf(list, "");
      target.replace(target.find('?'), std::string::npos, "?watch=true&allowWatchBookmarks=true");
      const std::string fields = FieldsOf(query);
      if (!fields.empty()) target += "&fieldSelector=" + client::PercentEncode(fields);
      if (!flags_.selector.empty())
        target += "&labelSelector=" + client::PercentEncode(flags_.selector);
      target += "&resourceVersion=" + revision;
      GANTRY_TRY_SET(auto response, client->transport()->Stream(
                                        session_.ctx(), {"GET", target, {{"Accept", accept}}, ""}));
      if (response.status >= 300) return ErrorFromStatus(response.status, response.error_body);
      client::Watcher watcher(std::move(response.stream));
      while (true) {
        auto event = watcher.Next();
        if (!event.ok()) {
          if (event.code() == Code::kUnavailable && !revision.empty()) break;  // go on from there
          return event.error();
        }
        const Json& document = event->object.json();
        revision = RevisionOf(document, revision);
        if (event->type != client::WatchEvent::Type::kBookmark) use(document);
      }
    }
  }

  // The revision of an event: of the object, or of a table's only row.
  static std::string RevisionOf(const Json& document, const std::string& fallback) {
    std::string revision = GetString(GetObject(document, "metadata"), "resourceVersion");
    for (const Json& row : GetArray(document, "rows")) {
      const std::string own =
          GetString(GetObject(GetObject(row, "object"), "metadata"), "resourceVersion");
      if (!own.empty()) revision = own;
    }
    return revision.empty() ? fallback : revision;
  }

  Session& session_;
  const GetFlags& flags_;
  std::optional<ObjectPrinter> printer_;
};

}  // namespace

void AddGet(const Command& root, Session* session) {
  auto flags = std::make_shared<GetFlags>();
  const Command get =
      root.Add("get", "show objects",
               "kubectl-gantry get (TYPE[,TYPE...] [NAME...] | TYPE/NAME... | -f FILE)");
  get.Words(&flags->words, "types and names")
      .List("-f,--filename", &flags->files, "show the objects of these files")
      .Flag("-R,--recursive", &flags->recursive, "go down into directories")
      .Flag("-A,--all-namespaces", &flags->all_namespaces, "of all namespaces")
      .Flag("-w,--watch", &flags->watch, "go on with what changes")
      .Flag("--no-headers", &flags->no_headers, "print no headers")
      .Flag("--show-labels", &flags->show_labels, "with a column of all labels")
      .Flag("--show-managed-fields", &flags->show_managed_fields, "with managedFields")
      .Flag("--ignore-not-found", &flags->ignore_not_found,
            "an object that does not exist is no error")
      .Text("-l,--selector", &flags->selector,
            "only objects with these labels: a=b,c!=d,e in (f,g)")
      .Text("--field-selector", &flags->field_selector,
            "only objects with these fields: spec.nodeName=x")
      .Text("-o,--output", &flags->output, "wide, yaml, json, name or jsonpath=TEMPLATE")
      .Text("--raw", &flags->raw, "print what the server answers at this path")
      .List("-L,--label-columns", &flags->label_columns, "with a column for this label");
  get.Runs([session, flags] { return Getter(session, *flags).Run(); });
}

}  // namespace gantry::kubectl
