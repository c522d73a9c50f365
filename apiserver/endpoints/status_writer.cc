#include "apiserver/endpoints/status_writer.h"

namespace gantry::apiserver {

Response JsonResponse(int status, const Json& body) {
  Response response;
  response.status = status;
  response.body = DumpJson(body);
  return response;
}

}  // namespace gantry::apiserver
