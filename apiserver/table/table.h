#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/schema/definition.h"

// The forms of meta.k8s.io that clients ask for instead of objects: Table (what `kubectl get`
// prints) and PartialObjectMetadata. Pure functions; `api_version` is `meta.k8s.io/v1` or
// `meta.k8s.io/v1beta1`.
namespace gantry::apiserver::table {

// What a row carries beside its cells: the query parameter `includeObject`.
enum class IncludeObject { kNone, kMetadata, kObject };

// `None`, `Metadata` (also when empty) or `Object`; kBadRequest for others.
Result<IncludeObject> ParseIncludeObject(std::string_view text);

// The `columnDefinitions`: Name, then the version's printer columns.
Json ColumnDefinitions(const schema::Version& version);

// The cells of a row, which follow the columns; an absent value, or one that is not of its column's
// type, is null. Dates are ages at `now`.
Json Cells(const schema::Version& version, const Json& object, WallTime now);

// One element of `rows`.
Json Row(const schema::Version& version, const Json& object, IncludeObject include, WallTime now,
         std::string_view api_version);

// A Table. `list_meta` has resourceVersion, continue and remainingItemCount as far as known;
// `with_columns` is false for all events of a watch but the first.
Json Table(const schema::Version& version, const std::vector<const Json*>& objects, Json list_meta,
           IncludeObject include, WallTime now, std::string_view api_version,
           bool with_columns = true);

// Only apiVersion, kind and metadata of `object`.
Json PartialObjectMetadata(const Json& object, std::string_view api_version);
Json PartialObjectMetadataList(const std::vector<const Json*>& objects, Json list_meta,
                               std::string_view api_version);

}  // namespace gantry::apiserver::table
