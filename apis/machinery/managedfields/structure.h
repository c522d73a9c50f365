#pragma once

#include "apis/machinery/managedfields/field_set.h"
#include "apis/machinery/schema/schema.h"

// Objects taken apart and put together along field paths, by a schema. Pure.
namespace gantry::managedfields {

// The fields that an applied configuration speaks of: its leaves (scalars, nulls, atomic and empty
// maps and lists), each item of a list that is a map or a set, and members that the schema does not
// name one by one. Maps whose members are named are nobody's own.
FieldSetPtr ConfiguredFields(const schema::Node& root, const Json& config);

// `set` and the named members that only have something below them in it: who owns `spec.replicas`
// has `spec` as well.
FieldSetPtr WithNamedParents(const schema::Node& root, const FieldSetPtr& set);

// `set`, where what lies inside of maps and lists that are atomic by the schema of today becomes
// the map or list itself.
FieldSetPtr FitToSchema(const schema::Node& root, const FieldSetPtr& set);

// `object` without the members and items in `set`. A map or list that loses all of them stays,
// empty.
Json RemoveFields(const schema::Node& root, const Json& object, const FieldSetPtr& set);

// Lays a configuration over an object: maps are merged member by member, lists that are maps or
// sets item by item, anything else is replaced. Items of the configuration come in its order; those
// of the object alone keep their place among their neighbours.
Json MergeConfiguration(const schema::Node& root, const Json& live, const Json& config);

// What makes a configuration impossible to merge: fields that the schema does not know, items
// without their keys, repeated items. In kube-apiserver's words; empty when there is nothing.
std::string FindFaults(const schema::Node& root, const Json& config);

}  // namespace gantry::managedfields
