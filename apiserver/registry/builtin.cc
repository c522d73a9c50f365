#include "apiserver/registry/builtin.h"

#include "apiserver/registry/codec.h"
#include "apiserver/registry/strategy.h"
#include "apiserver/storage/keys.h"
#include "schemas/embedded.h"

namespace gantry::apiserver {

std::shared_ptr<const Kind> MakeKind(std::shared_ptr<const schema::Definition> definition,
                                     CacheSet* caches, bool terminating,
                                     std::shared_ptr<const Converter> converter) {
  auto kind = std::make_shared<Kind>();
  kind->definition = std::move(definition);
  for (const schema::Version& version : kind->def().versions) {
    kind->epochs[version.name] = VersionEpoch(kind->def(), version);
  }
  kind->fingerprint = DefinitionFingerprint(kind->def());
  kind->prefix = ResourcePrefix(kind->def().group_resource());
  kind->cache = caches->Get(kind->def().group_resource());
  kind->strategy = StrategyFor(kind->def());
  kind->terminating = terminating;
  kind->converter = std::move(converter);
  const std::shared_ptr<const Kind> made = kind;
  caches->SetTransform(
      made->def().group_resource(),
      {made->fingerprint, [made](const RecordHeader& header) { return Fits(*made, header); },
       [made](std::string_view record) { return Reencode(*made, record); }});
  return made;
}

Status RegisterBuiltinKinds(KindRegistry* kinds, CacheSet* caches) {
  for (const schemas::Manifest& manifest : schemas::Embedded()) {
    GANTRY_TRY_SET(const Json crd, ParseJson(manifest.json));
    auto parsed = schema::ParseDefinition(crd, schema::Origin::kBuiltin);
    if (!parsed.ok()) {
      return Error(Code::kInternal, fmt::format("{}: {}", manifest.path, parsed.error().message));
    }
    kinds->Put(MakeKind(*std::move(parsed), caches, false));
  }
  return OkStatus();
}

}  // namespace gantry::apiserver
