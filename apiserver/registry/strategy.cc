#include "apiserver/registry/strategy.h"

#include "apis/gantry.dev/v1/app_template.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apiserver/registry/strategies/strategies.h"

namespace gantry::apiserver {
namespace {

bool HasTemplate(std::string_view plural) {
  return plural == v1::kServices.plural || plural == v1::kServiceRevisions.plural ||
         plural == v1::kContainers.plural;
}

}  // namespace

const Strategy* StrategyFor(const schema::Definition& definition) {
  static const Strategy* const plain = new Strategy;
  const schema::StrategyOptions& o = definition.strategy;
  if (o.compose_template) return ApplicationStrategy();
  if (o.namespace_lifecycle) return NamespaceStrategy();
  if (o.crd_lifecycle) return CrdStrategy();
  if (o.role) return RoleStrategy();
  if (o.role_binding) return RoleBindingStrategy();
  if (o.certificate_request) return CertificateRequestStrategy();
  if (o.resource_quota) return QuotaStrategy();
  if (o.virtual_only) return ReviewStrategy();
  if (o.immutable_field || o.write_only_string_data) return DataStrategy();
  if (definition.builtin && definition.group == v1::kTemplates.group &&
      definition.plural == v1::kTemplates.plural)
    return AppTemplateStrategy();
  if (definition.group == v1::kServices.group && HasTemplate(definition.plural))
    return TemplateStrategy();
  return plain;
}

}  // namespace gantry::apiserver
