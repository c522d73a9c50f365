#include "apiserver/endpoints/status_writer.h"

namespace gantry::apiserver {

Response JsonResponse(int status, const Json& body) {
  Response response;
  response.status = status;
  response.body = DumpJson(body);
  return response;
}

std::string TakeBody(Response* response) {
  std::string text = response->shared_body ? *response->shared_body : std::move(response->body);
  if (response->stream) {
    while (response->stream->Pull(&text, 1 << 20) == BodyStream::State::kMore) {
    }
    response->stream.reset();
  }
  response->shared_body = nullptr;
  response->body.clear();
  return text;
}

}  // namespace gantry::apiserver
