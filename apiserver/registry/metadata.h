#pragma once

#include <string>
#include <vector>

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/object.h"
#include "apis/machinery/schema/definition.h"

// metadata of objects: its shape, its rules, and the part of it that only the server writes.
namespace gantry::apiserver {

// Brings a client's metadata into shape: nulls and selfLink go, fields of other types are
// refused (kBadRequest), unknown ones removed and named in `dropped`, times written as FormatTime
// does.
Status NormalizeMetadata(Json* object, std::vector<std::string>* dropped);

// name, generateName, namespace, labels, annotations, finalizers, ownerReferences.
FieldErrors ValidateMetadata(const schema::Definition& definition, const Object& object);
// What an update may not change: `old` against `updated`.
FieldErrors ValidateMetadataUpdate(const Object& old, const Object& updated);

// Puts back what only the server writes: uid, creationTimestamp, deletionTimestamp,
// deletionGracePeriodSeconds, generation, generateName when the client left it out.
void KeepSystemMetadata(const Object& old, Object* updated);

}  // namespace gantry::apiserver
