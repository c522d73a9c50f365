#pragma once

#include "apiserver/registry/registry.h"

// The `scale` subresource: an autoscaling/v1 Scale as a view of an object.
namespace gantry::apiserver {

// REQUIRES: target.version->scale.
Json MakeScale(const Target& target, const Json& object);

// The columns of a Table of Scales.
const schema::Version& ScaleColumns();

// What applying a Scale says of the object: its replicas, and metadata's preconditions. kInvalid
// when `spec.replicas` is no count, kBadRequest for fields that a Scale has not.
Result<Json> ConfigOfScale(const Target& target, const Json& scale);

// A mutation of the object from one of its Scale. The complaints of `scope` are about the Scale: it
// takes them over.
Mutation ScaleMutation(WriteScope* scope, Mutation of_scale);

}  // namespace gantry::apiserver
