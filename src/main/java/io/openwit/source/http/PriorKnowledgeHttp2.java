package io.openwit.source.http;

import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.jspecify.annotations.Nullable;

/// HTTP/2 without TLS for clients that begin with it, and not for those that ask to change over in the middle.
///
/// Design note: Jetty changes over while a chunked body is still to come, and takes the rest of it for HTTP/2; the
/// JDK's client asks for that with its first request. RFC 9113 has given the change-over up, and a client that is not
/// heard goes on with HTTP/1.1.
final class PriorKnowledgeHttp2 extends HTTP2CServerConnectionFactory {
    PriorKnowledgeHttp2(HttpConfiguration http) {
        super(http);
    }

    @Override
    public @Nullable Connection upgradeConnection(
            Connector connector, EndPoint endPoint, MetaData.Request request, HttpFields.Mutable response) {
        return HttpMethod.PRI.is(request.getMethod())
                ? super.upgradeConnection(connector, endPoint, request, response)
                : null;
    }
}
