#include "apiserver/endpoints/writes.h"

#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/status.h"
#include "apiserver/endpoints/apply_patch.h"
#include "apiserver/endpoints/form.h"
#include "apiserver/endpoints/options.h"
#include "apiserver/endpoints/patch.h"
#include "apiserver/endpoints/request_body.h"
#include "apiserver/endpoints/scale.h"
#include "apiserver/endpoints/status_writer.h"
#include "apiserver/endpoints/token_request.h"
#include "apiserver/registry/codec.h"
#include "apiserver/registry/prepare.h"
#include "apiserver/registry/strategy.h"
#include "apiserver/table/table.h"

namespace gantry::apiserver {
namespace {

// The Scale of an object, in the form that was asked for.
Response ScaleResponse(int status, const Endpoints& e, const Request& request, const Target& target,
                       const Entry& entry, const Negotiated& form) {
  const Result<Json> object = DecodeEntry(target, entry);
  if (!object.ok()) return ErrorResponse(object.error());
  const Json scale = MakeScale(target, *object);
  const std::string api_version = "meta.k8s.io/" + form.meta_version;
  if (form.kind != FormKind::kTable && form.kind != FormKind::kPartial) {
    return JsonResponse(status, scale);
  }
  const bool is_table = form.kind == FormKind::kTable;
  const auto include = table::ParseIncludeObject(request.query.Get("includeObject"));
  if (is_table && !include.ok()) return ErrorResponse(include.error());
  Response response = JsonResponse(
      status, is_table ? table::Table(ScaleColumns(), {&scale},
                                      {{"resourceVersion", std::to_string(entry.revision())}},
                                      *include, e.registry->deps().clock->Now(), api_version)
                       : table::PartialObjectMetadata(scale, api_version));
  response.content_type =
      fmt::format("application/json;as={};g=meta.k8s.io;v={}",
                  is_table ? "Table" : "PartialObjectMetadata", form.meta_version);
  return response;
}

// The object after a write. What Accept cannot have is JSON: the write has happened.
Response ObjectResponse(int status, const Endpoints& e, const Request& request,
                        const Target& target, const Entry& entry) {
  const Result<Negotiated> form = NegotiateForm(request.headers.Get("Accept"));
  if (request.info.subresource == "scale") {
    return ScaleResponse(status, e, request, target, entry, form.ok() ? *form : Negotiated());
  }
  Response response;
  response.status = status;
  if (form.ok() && (form->kind == FormKind::kTable || form->kind == FormKind::kPartial)) {
    const auto shape = MakeForm(*form, target, request.query, e.registry->deps().clock);
    if (!shape.ok()) return ErrorResponse(shape.error());
    (*shape)->Append(entry, true, &response.body);
    response.content_type = (*shape)->content_type(false);
    return response;
  }
  auto wire = WireForm(target, entry);
  if (!wire.ok()) return ErrorResponse(wire.error());
  response.shared_body = *std::move(wire);
  return response;
}

// A review: prepared and answered like a create, but nothing is stored.
Response AnswerReview(const Endpoints& e, const WriteScope& scope, Json body) {
  Object object(std::move(body));
  for (const Status& step : {CheckIdentity(scope, &object), DecodeFields(scope, &object.json())}) {
    if (!step.ok()) return ErrorResponse(step.error());
  }
  const StrategyContext ctx{scope.target,
                            scope.user,
                            *e.kinds,
                            *e.registry->deps().policy,
                            e.registry->deps().clock->Now(),
                            scope.warnings,
                            nullptr,
                            e.tokens};
  object.json().erase("status");  // typed clients send an empty one
  const schema::Schema& schema = *scope.target.version->schema;
  schema.Default(&object.json());
  const FieldErrors errors = schema.Validate(object.json());
  if (!errors.empty()) {
    return ErrorResponse(InvalidObject(scope.target.def().group_kind(), object.name(), errors));
  }
  const Status answered = scope.target.kind->strategy->Answer(ctx, &object);
  if (!answered.ok()) return ErrorResponse(answered.error());
  object.Meta()["creationTimestamp"] = nullptr;
  return JsonResponse(201, object.json());
}

Response DeletedResponse(const Endpoints& e, const Request& request, const Target& target,
                         const Deleted& deleted) {
  if (!deleted.gone) return ObjectResponse(200, e, request, target, *deleted.entry);
  Json details = {{"name", request.info.name},
                  {"kind", target.def().plural},
                  {"uid", deleted.entry->header().uid}};
  if (!target.def().group.empty()) details["group"] = target.def().group;
  return JsonResponse(200, SuccessJson(std::move(details)));
}

Task<Response> ApplyMutation(const Endpoints& e, Request& request, const Target& target,
                             const WriteScope& scope, const Mutation& mutation) {
  Result<Written> written = co_await e.registry->Update(scope, mutation);
  if (!written.ok()) co_return ErrorResponse(written.error());
  co_return ObjectResponse(200, e, request, target, *written->entry);
}

}  // namespace

Task<Response> ServeCreate(const Endpoints& e, Request& request, const Target& target) {
  Result<WriteScope> scope = ParseWriteScope(request, target);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  Result<DecodedBody> body = DecodeBody(request);
  if (!body.ok()) co_return ErrorResponse(body.error());
  if (!body->value.is_object()) {
    co_return ErrorResponse(Error(Code::kBadRequest, "the body must be an object"));
  }
  scope->complaints = body->Complaints();
  if (target.def().strategy.virtual_only) {
    if (target.def().kind == "TokenReview") co_await AwaitReviewedToken(e, body->value);
    co_return AnswerReview(e, *scope, std::move(body->value));
  }
  Result<Written> written = co_await e.registry->Create(*scope, std::move(body->value));
  if (!written.ok()) co_return ErrorResponse(written.error());
  const std::string& key = written->entry->key();
  request.created_name = key.substr(key.rfind('/') + 1);
  co_return ObjectResponse(201, e, request, target, *written->entry);
}

Task<Response> ServeUpdate(const Endpoints& e, Request& request, const Target& target) {
  Result<WriteScope> scope = ParseWriteScope(request, target);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  Result<DecodedBody> body = DecodeBody(request);
  if (!body.ok()) co_return ErrorResponse(body.error());
  if (!body->value.is_object()) {
    co_return ErrorResponse(Error(Code::kBadRequest, "the body must be an object"));
  }
  scope->complaints = body->Complaints();
  Mutation mutation;
  mutation.apply = [&body](const Json&) -> Result<Json> { return body->value; };
  if (scope->subresource == "scale") mutation = ScaleMutation(&*scope, std::move(mutation));
  co_return co_await ApplyMutation(e, request, target, *scope, mutation);
}

Task<Response> ServePatch(const Endpoints& e, Request& request, const Target& target) {
  Result<WriteScope> scope = ParseWriteScope(request, target);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  const std::string media_type = MediaType(request.headers.Get("Content-Type"));
  if (media_type == kApplyPatch) {
    Result<ApplyConfig> config = ParseApply(request, &*scope);
    if (!config.ok()) co_return ErrorResponse(config.error());
    // What is not there is created, and that is another right than to patch.
    RequestInfo create = request.info;
    create.verb = "create";
    const AccessRequest access{request.user, create, request.path};
    const bool refused = config->may_create && !e.registry->deps().policy->Allowed(access);
    if (refused) config->may_create = false;
    Result<Written> written = co_await e.registry->Apply(*scope, *config);
    if (!written.ok() && refused && written.code() == Code::kNotFound) {
      co_return ErrorResponse(ForbiddenError(access));
    }
    if (!written.ok()) co_return ErrorResponse(written.error());
    co_return ObjectResponse(written->created ? 201 : 200, e, request, target, *written->entry);
  }
  scope->patches = true;
  Result<Mutation> mutation = MakePatch(target, media_type, request.body, &scope->complaints);
  if (const Status options = CheckNoForce(request); mutation.ok() && !options.ok()) {
    co_return ErrorResponse(options.error());
  }
  if (!mutation.ok()) co_return ErrorResponse(mutation.error());
  if (scope->subresource == "scale") *mutation = ScaleMutation(&*scope, *std::move(mutation));
  co_return co_await ApplyMutation(e, request, target, *scope, *mutation);
}

Task<Response> ServeDelete(const Endpoints& e, Request& request, const Target& target) {
  Result<WriteScope> scope = ParseWriteScope(request, target);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  Result<DeleteOptions> options = ParseDeleteOptions(request, &*scope);
  if (!options.ok()) co_return ErrorResponse(options.error());
  Result<Deleted> deleted = co_await e.registry->Delete(*scope, *options);
  if (!deleted.ok()) co_return ErrorResponse(deleted.error());
  co_return DeletedResponse(e, request, target, *deleted);
}

Response ServeGetScale(const Endpoints& e, const Request& request, const Target& target) {
  const Result<EntryPtr> entry = e.registry->Get(target, request.info.ns, request.info.name);
  if (!entry.ok()) return ErrorResponse(entry.error());
  return ObjectResponse(200, e, request, target, **entry);
}

}  // namespace gantry::apiserver
