#include "apiserver/endpoints/reads.h"

#include "apis/machinery/yaml/yaml.h"
#include "apiserver/endpoints/continue_token.h"
#include "apiserver/endpoints/list_stream.h"
#include "apiserver/endpoints/metrics.h"
#include "apiserver/endpoints/options.h"
#include "apiserver/endpoints/status_writer.h"
#include "apiserver/endpoints/version_view.h"
#include "apiserver/endpoints/watch_socket.h"
#include "apiserver/registry/codec.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

constexpr int kMinWatchSeconds = 1800;  // without timeoutSeconds; up to twice as long

Error TooLargeRevision(store::Revision wanted, store::Revision current) {
  ErrorDetails details;
  details.retry_after_seconds = 1;
  details.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
  return Error(Code::kTimeout,
               fmt::format("Too large resource version: {}, current: {}", wanted, current),
               std::move(details));
}

Error ExpiredPage(const std::string& start) {
  ErrorDetails details;
  details.continue_token = ContinueToken{-1, start}.Encode();
  return Error(
      Code::kExpired,
      "The provided continue parameter is too old to display a consistent list result. "
      "You can start a new list without the continue parameter, or use the continue token "
      "in this response to retrieve the remainder of the results. Continuing with the "
      "provided token results in an inconsistent list - objects that were created, "
      "modified, or deleted between the time the first chunk was returned and now may show "
      "up in the list.",
      std::move(details));
}

// The whole answer as YAML; for people, so that it may take its time.
Response AsYaml(Response response) {
  const Result<Json> json = ParseJson(TakeBody(&response));
  if (!json.ok()) return ErrorResponse(json.error());
  response.body = yaml::ToYaml(*json);
  response.content_type = "application/yaml";
  return response;
}

// History is shown as today's schema has it, like the present.
std::string ByPresentSchema(const Kind& kind, const std::string& record) {
  const Result<RecordHeader> header = DecodeHeader(record);
  if (!header.ok() || Fits(kind, *header)) return record;
  Result<std::string> now = Reencode(kind, record);
  return now.ok() ? *std::move(now) : record;
}

// The state of a resource at `revision`: from the ring, else from the store's history.
Result<Tree> TreeAt(const Endpoints& e, const Kind& kind, store::Revision revision,
                    const ManagedRenderer* render) {
  if (std::optional<Tree> tree = kind.cache->At(revision)) return *std::move(tree);
  store::ListOptions options;
  options.at = revision;
  GANTRY_TRY_SET(const store::ListResult list, e.store->List(kind.prefix, options));
  std::vector<EntryPtr> entries;
  entries.reserve(list.records.size());
  for (const store::Record& record : list.records) {
    GANTRY_TRY_SET(EntryPtr entry,
                   Entry::Make(record.key.substr(kind.prefix.size()),
                               ByPresentSchema(kind, record.value), record.mod_revision, render));
    entries.push_back(std::move(entry));
  }
  return Tree::FromSorted(entries);
}

struct Selection {
  Snapshot snapshot;
  std::string start;  // of the next page; empty: from the beginning
};

// Which state a list shows.
Result<Selection> Select(const Endpoints& e, const Target& target, const ListRequest& list) {
  const Snapshot current = target.kind->cache->Current();
  if (!list.continue_token.empty()) {
    GANTRY_TRY_SET(ContinueToken token, ContinueToken::Decode(list.continue_token));
    if (token.revision < 0) return Selection{current, std::move(token.start)};
    Result<Tree> tree = TreeAt(e, *target.kind, token.revision, e.registry->deps().render);
    if (!tree.ok()) return ExpiredPage(token.start);
    return Selection{{*std::move(tree), token.revision}, std::move(token.start)};
  }
  if (list.revision && *list.revision > current.revision) {
    return TooLargeRevision(*list.revision, current.revision);
  }
  if (list.match != "Exact") return Selection{current, ""};
  Result<Tree> tree = TreeAt(e, *target.kind, *list.revision, e.registry->deps().render);
  if (!tree.ok()) {
    return Error(Code::kExpired, fmt::format("The resourceVersion for the provided list is too "
                                             "old: {}",
                                             *list.revision));
  }
  return Selection{{*std::move(tree), *list.revision}, ""};
}

struct Page {
  std::vector<EntryPtr> entries;
  Json metadata;
};

// At most `limit` entries, and where to go on.
Result<Page> CutPage(const Endpoints& e, const Target& target, const Selection& from,
                     const ListRequest& list) {
  Page page;
  page.metadata = {{"resourceVersion", std::to_string(from.snapshot.revision)}};
  const std::string& start = std::max(from.start, list.filter.prefix);
  EntrySource source(e, target, from.snapshot.tree, start, list);
  while (true) {
    GANTRY_TRY_SET(EntryPtr entry, source.Next());
    if (!entry) break;
    if (!list.filter.Matches(*entry)) continue;
    if (page.entries.size() == list.limit) {
      const std::string& next = entry->key();
      page.metadata["continue"] = ContinueToken{from.snapshot.revision, next}.Encode();
      if (!list.filter.has_selector()) {
        const std::string end = PrefixEnd(list.filter.prefix);
        const Tree& tree = from.snapshot.tree;
        const size_t last = end.empty() ? tree.size() : tree.Rank(end);
        page.metadata["remainingItemCount"] = last - tree.Rank(next);
      }
      break;
    }
    page.entries.push_back(std::move(entry));
  }
  return page;
}

}  // namespace

Response ServeGet(const Endpoints& e, const Request& request, const Target& target) {
  const Result<Negotiated> form = NegotiateForm(request.headers.Get("Accept"));
  if (!form.ok()) return ErrorResponse(form.error());
  const auto shape = MakeForm(*form, target, request.query, e.registry->deps().clock);
  if (!shape.ok()) return ErrorResponse(shape.error());
  if (const std::string text = request.query.Get("resourceVersion"); !text.empty()) {
    const Result<store::Revision> revision = ParseRevision(text);
    if (!revision.ok()) return ErrorResponse(revision.error());
    const store::Revision current = target.kind->cache->Current().revision;
    if (*revision > current) return ErrorResponse(TooLargeRevision(*revision, current));
  }
  Result<EntryPtr> entry = e.registry->Get(target, request.info.ns, request.info.name);
  if (entry.ok() && NeedsWebhook(target, **entry)) {
    auto shown = ShowEntries(target, std::vector<EntryPtr>{*entry}, e.registry->deps().render);
    entry = shown.ok() ? Result<EntryPtr>(shown->front()) : shown.error();
  }
  if (!entry.ok()) return ErrorResponse(entry.error());

  Response response;
  if (form->kind == FormKind::kTable || form->kind == FormKind::kPartial) {
    (*shape)->Append(**entry, true, &response.body);
    response.content_type = (*shape)->content_type(false);
    return response;
  }
  auto wire = WireForm(target, **entry);
  if (!wire.ok()) return ErrorResponse(wire.error());
  response.shared_body = *std::move(wire);
  return form->kind == FormKind::kYaml ? AsYaml(std::move(response)) : std::move(response);
}

Response ServeList(const Endpoints& e, const Request& request, const Target& target) {
  const Result<Negotiated> form = NegotiateForm(request.headers.Get("Accept"));
  if (!form.ok()) return ErrorResponse(form.error());
  const auto shape = MakeForm(*form, target, request.query, e.registry->deps().clock);
  if (!shape.ok()) return ErrorResponse(shape.error());
  Result<ListRequest> list = ParseListRequest(request, target);
  if (!list.ok()) return ErrorResponse(list.error());
  Result<Selection> selection = Select(e, target, *list);
  if (!selection.ok()) return ErrorResponse(selection.error());

  Response response;
  response.content_type = (*shape)->content_type(true);
  if (list->limit > 0 || !selection->start.empty() || target.kind->converter) {
    if (list->limit == 0) list->limit = SIZE_MAX;
    Result<Page> page = CutPage(e, target, *selection, *list);
    if (!page.ok()) return ErrorResponse(page.error());
    response.stream =
        std::make_unique<ListStream>(*shape, DumpJson(page->metadata), std::move(page->entries));
  } else {
    response.stream = std::make_unique<ListStream>(
        *shape, fmt::format("{{\"resourceVersion\":\"{}\"}}", selection->snapshot.revision),
        selection->snapshot.tree, std::move(list->filter));
  }
  return form->kind == FormKind::kYaml ? AsYaml(std::move(response)) : std::move(response);
}

Response ServeWatch(const Endpoints& e, const Request& request, const Target& target) {
  const Result<Negotiated> form = NegotiateForm(request.headers.Get("Accept"));
  if (!form.ok()) return ErrorResponse(form.error());
  const auto shape = MakeForm(*form, target, request.query, e.registry->deps().clock);
  if (!shape.ok()) return ErrorResponse(shape.error());
  Result<ListRequest> list = ParseListRequest(request, target);
  if (!list.ok()) return ErrorResponse(list.error());

  WatchStream::Options options;
  options.filter = std::move(list->filter);
  options.bookmarks = list->bookmarks;
  options.timeout = list->timeout;
  if (options.timeout == Duration::zero()) {
    options.timeout = std::chrono::seconds(kMinWatchSeconds + e.random->Next() % kMinWatchSeconds);
  }
  options.format = *shape;
  options.view = MakeEntryView(e, target);
  const WatchSeries series = WatchSeriesOf(target);
  options.events = series.events;
  options.sizes = series.sizes;
  std::unique_ptr<WatchStream> stream;
  const store::Revision revision = list->revision.value_or(0);
  if (list->initial_events.value_or(revision == 0)) {
    const store::Revision current = target.kind->cache->Current().revision;
    if (revision > current) return ErrorResponse(TooLargeRevision(revision, current));
    options.mark_initial_end = list->initial_events.has_value() && list->bookmarks;
    stream = WatchStream::FromNow(target.kind->cache, e.timer, std::move(options));
  } else if (revision == 0) {
    stream = WatchStream::AfterNow(target.kind->cache, e.timer, std::move(options));
  } else {
    auto after = WatchStream::After(target.kind->cache, e.timer, revision, std::move(options));
    if (!after.ok()) return ErrorResponse(after.error());
    stream = *std::move(after);
  }
  Response response;
  response.content_type = (*shape)->content_type(false);
  response.long_running = true;
  response.watch = stream->report();
  if (request.websocket) {
    response.websocket = std::make_shared<WatchSocket>(std::move(stream), e.timer, e.pool);
  } else {
    response.stream = std::move(stream);
  }
  return response;
}

}  // namespace gantry::apiserver
