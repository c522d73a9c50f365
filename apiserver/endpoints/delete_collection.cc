#include "apiserver/endpoints/delete_collection.h"

#include "apiserver/endpoints/list_stream.h"
#include "apiserver/endpoints/options.h"
#include "apiserver/endpoints/status_writer.h"
#include "apiserver/endpoints/version_view.h"
#include "apiserver/registry/codec.h"
#include "apiserver/registry/delete_many.h"

namespace gantry::apiserver {

Task<Response> ServeDeleteCollection(const Endpoints& e, Request& request, const Target& target) {
  Result<WriteScope> scope = ParseWriteScope(request, target);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  Result<DeleteOptions> options = ParseDeleteOptions(request, &*scope);
  if (!options.ok()) co_return ErrorResponse(options.error());
  Result<ListRequest> list = ParseListRequest(request, target);
  if (!list.ok()) co_return ErrorResponse(list.error());

  std::vector<EntryPtr> wanted;
  const Snapshot snapshot = target.kind->cache->Current();
  for (Tree::Iterator it(snapshot.tree, list->filter.prefix); it.Valid(); it.Next()) {
    if (!list->filter.MatchesKey(it.entry()->key())) break;
    if (list->filter.Matches(*it.entry())) wanted.push_back(it.entry());
  }
  Result<std::vector<EntryPtr>> deleted =
      co_await DeleteMany(e.registry, *scope, *options, std::move(wanted));
  if (deleted.ok() && target.kind->converter) {
    co_await AllowBlocking(e);
    deleted = ShowEntries(target, *std::move(deleted), e.registry->deps().render);
  }
  if (!deleted.ok()) co_return ErrorResponse(deleted.error());
  const std::string metadata =
      fmt::format("{{\"resourceVersion\":\"{}\"}}", target.kind->cache->Current().revision);
  Response response;
  response.stream = std::make_unique<ListStream>(
      *MakeForm(Negotiated{}, target, request.query, e.registry->deps().clock), metadata,
      *std::move(deleted));
  co_return response;
}

}  // namespace gantry::apiserver
