#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/describe.h"
#include "kubectl-plugin/targets.h"

namespace gantry::kubectl {
namespace {

struct DescribeFlags {
  std::vector<std::string> words;
  std::string selector;
  bool all_namespaces = false;
};

// The object's events, oldest first; none when they cannot be had.
std::vector<Object> EventsOf(Session& session, const client::Client& client, const Object& object) {
  const auto mapper = session.mapper();
  if (!mapper.ok()) return {};
  const ServedResource* events = (*mapper)->FindKind({"", "v1", "Event"});
  if (!events) return {};
  client::ListOptions options;
  options.field_selector =
      fmt::format("involvedObject.name={},involvedObject.uid={}", object.name(), object.uid());
  // Events of cluster-scoped objects are kept in `default`.
  const std::string ns(object.ns().empty() ? "default" : object.ns());
  auto list = client.ListAll(session.ctx(), events->resource, ns, options);
  if (!list.ok()) return {};
  std::stable_sort(list->items.begin(), list->items.end(), [](const Object& a, const Object& b) {
    return GetString(a.json(), "lastTimestamp") < GetString(b.json(), "lastTimestamp");
  });
  return std::move(list->items);
}

Result<int> Describe(Session& session, const DescribeFlags& flags) {
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(const client::Client* client, session.client());
  GANTRY_TRY_SET(const std::vector<Target> targets, ParseTargets(*mapper, flags.words));
  bool first = true;
  int code = 0;
  for (const Target& target : targets) {
    std::vector<Object> objects;
    if (target.names.empty()) {
      client::ListOptions options;
      options.label_selector = flags.selector;
      GANTRY_TRY_SET(client::List list, client->ListAll(session.ctx(), target.type->resource,
                                                        flags.all_namespaces ? "" : ns, options));
      objects = std::move(list.items);
    }
    for (const std::string& name : target.names) {
      auto object = client->Get(session.ctx(), target.type->resource, {ns, name});
      if (object.ok()) {
        objects.push_back(*std::move(object));
      } else {
        session.io().err << FormatError(object.error()) << "\n";
        code = 1;
      }
    }
    for (const Object& object : objects) {
      if (!std::exchange(first, false)) session.io().out << "\n\n";
      session.io().out << DescribeObject(object, EventsOf(session, *client, object),
                                         Clock::Real()->Now());
    }
  }
  if (first && code == 0) session.io().err << "No resources found\n";
  return code;
}

}  // namespace

void AddDescribe(const Command& root, Session* session) {
  auto flags = std::make_shared<DescribeFlags>();
  const Command verb = root.Add("describe", "show objects in full, with their events",
                                "kubectl-gantry describe TYPE [NAME...] | TYPE/NAME...");
  verb.Words(&flags->words, "types and names")
      .Text("-l,--selector", &flags->selector, "only objects with these labels")
      .Flag("-A,--all-namespaces", &flags->all_namespaces, "of all namespaces");
  verb.Runs([session, flags] { return Describe(*session, *flags); });
}

}  // namespace gantry::kubectl
