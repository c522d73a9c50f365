#pragma once

#include "apiserver/registry/registry.h"
#include "apiserver/registry/strategy.h"

// The steps that turn what a client sent into what is stored; pure apart from warnings.
namespace gantry::apiserver {

// apiVersion, kind, name and namespace of the body against the request; fills in what the body
// left out. kBadRequest.
Status CheckIdentity(const WriteScope& scope, Object* object);

// Shape of metadata, pruning, and what the client asked to do about unknown and repeated fields.
// Values of other types are refused here for Kubernetes' own kinds; for others, by validation.
// kBadRequest, or kInvalid when the object is what a patch made.
Status DecodeFields(const WriteScope& scope, Json* object);
// The same for an object that is not of the target's kind: its Scale.
Status DecodeAs(const WriteScope& scope, const GroupVersionKind& gvk, const schema::Schema& schema,
                bool go_type, Json* object);

// Defaults, the strategy's preparation and all validation. `old` is null on create.
Status Finish(const WriteScope& scope, const StrategyContext& ctx, const Object* old,
              Object* object);

// Makes `updated` differ from `old` only where this endpoint may write: everything but status, or
// only status (which is what `approval` writes, too); sets the generation.
void IsolateSubresource(const WriteScope& scope, const Object& old, Object* updated);
void BumpGeneration(const schema::Definition& definition, const schema::Version& version,
                    const Object& old, Object* updated);

// The finalizers of an object after a delete with this propagation policy was asked for.
std::vector<std::string> FinalizersForDelete(const Object& object, const std::string& propagation);

}  // namespace gantry::apiserver
