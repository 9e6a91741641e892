package io.openwit.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/// What the rows of all signals speak of, encoded once: a small shop on the web.
///
/// Some of it has few values (methods, routes), some many (addresses, users, paths), as in real telemetry.
final class Vocabulary {
    static final byte[] LOAD_SEQ = utf8("load.seq");
    static final byte[] CLIENT_ADDRESS = utf8("client.address");
    static final byte[] USER_ID = utf8("user.id");
    static final byte[] DURATION = utf8("duration_ms");
    static final byte[] URL_PATH = utf8("url.path");

    static final byte[][] METHOD =
            KeyValues.prepared("http.request.method", "GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE");
    static final byte[][] ROUTE = KeyValues.prepared(
            "http.route", "/", "/login", "/logout", "/cart", "/cart/{item}", "/checkout", "/orders", "/orders/{order}",
            "/orders/{order}/items", "/products", "/products/{product}", "/products/{product}/reviews", "/search",
            "/users/{user}", "/users/{user}/addresses", "/users/{user}/orders", "/payments", "/payments/{payment}",
            "/shipments", "/shipments/{shipment}", "/shipments/{shipment}/events", "/recommendations", "/ads",
            "/quotes", "/currencies", "/inventory", "/inventory/{warehouse}", "/coupons/{coupon}", "/health", "/ready",
            "/metrics", "/assets/{file}");
    static final byte[][] STATUS_CODE = {
        KeyValues.prepared("http.status_code", 200),
        KeyValues.prepared("http.status_code", 201),
        KeyValues.prepared("http.status_code", 204),
        KeyValues.prepared("http.status_code", 304),
        KeyValues.prepared("http.status_code", 404),
        KeyValues.prepared("http.status_code", 429),
        KeyValues.prepared("http.status_code", 500),
        KeyValues.prepared("http.status_code", 503),
    };
    static final byte[][] SERVER_ADDRESS = KeyValues.prepared(
            "server.address", "api.eu-west-1.shop.example", "api.us-east-1.shop.example",
            "db-0.orders.svc.cluster.local", "db-1.orders.svc.cluster.local", "cache.sessions.svc.cluster.local",
            "kafka-2.events.svc.cluster.local");
    static final byte[][] USER_AGENT = KeyValues.prepared(
            "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)", "okhttp/5.5.0", "curl/8.14.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0.0.0", "Go-http-client/2.0");
    static final byte[][] PROTOCOL_VERSION = KeyValues.prepared("network.protocol.version", "1.1", "2", "2", "3");
    static final byte[][] POD = KeyValues.prepared("k8s.pod.name", pods());

    static final byte[][] OPENING = {
        utf8("request completed for customer "),
        utf8("connection pool is near its limit, waiting for a free connection on behalf of session "),
        utf8("payment was authorised by the provider and is captured in the background, reference "),
        utf8("cache entry has expired and is loaded again from the primary database, key "),
        utf8("Bestellung wurde übernommen und an das Lager in Köln weitergegeben, Vorgang "),
        utf8("retrying after a transient failure of the upstream service, correlation "),
        utf8("推荐服务没有及时响应，使用默认结果, request "),
        utf8("scheduled shipment with carrier and notified the warehouse about order "),
    };
    static final byte[][] MIDDLE = {
        utf8(" in the checkout flow; the basket held several items and a coupon was applied, total in cents "),
        utf8(" after two attempts, the circuit breaker stays closed and the queue drains, messages waiting "),
        utf8(" (feature flag new-pricing is on for this tenant), rows read from the replica "),
        utf8(" with the result stored in the session and written through to the cache, bytes "),
    };
    static final byte[][] ENDING = {
        utf8("; see the linked trace for the calls that were made downstream"),
        utf8("; no action is needed"),
        utf8("; the caller was told to come again later and has been put on the watch list"),
        utf8("; took longer than the 95th percentile of the last five minutes"),
    };

    /// Contents of `Resource`, one a service and instance.
    static final byte[][] RESOURCES = resources();

    /// The content of `InstrumentationScope`.
    static final byte[] SCOPE = scope();

    private static final byte[] DOT = utf8(".");
    private static final byte[] TEN_DOT = utf8("10.");

    private Vocabulary() {}

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    /// An IPv4 address of a few million, without length and tag.
    static void writeAddress(WireWriter out, RowRandom random) {
        int address = random.below(1 << 24);
        out.decimal(address & 0xFF);
        out.raw(DOT);
        out.decimal(address >>> 8 & 0xFF);
        out.raw(DOT);
        out.decimal(address >>> 16);
        out.raw(TEN_DOT);
    }

    private static String[] pods() {
        String[] names = new String[200];
        for (int i = 0; i < names.length; i++) {
            long suffix = RowRandom.mix(i + 1) >>> 44;
            names[i] = "checkout-" + Long.toString(RowRandom.mix(i % 7) >>> 24, 36) + "-" + Long.toString(suffix, 36);
        }
        return names;
    }

    private static byte[][] resources() {
        String[] services = {
            "frontend", "checkout", "cart", "payment", "shipping", "product-catalog", "recommendation", "currency"
        };
        String[] languages = {"nodejs", "go", "dotnet", "java", "rust", "go", "python", "cpp"};
        byte[][] resources = new byte[services.length * 3][];
        for (int i = 0; i < resources.length; i++) {
            int service = i % services.length;
            WireWriter out = new WireWriter(1_024);
            out.string(1, KeyValues.prepared("telemetry.sdk.language", languages[service]));
            String host = "node-" + i / services.length + ".eu-west-1.compute.internal";
            out.string(1, KeyValues.prepared("host.name", host));
            out.string(1, KeyValues.prepared("deployment.environment.name", "production"));
            out.string(1, KeyValues.prepared("service.instance.id", services[service] + "-" + i / services.length));
            out.string(1, KeyValues.prepared("service.version", "1." + service + ".0"));
            out.string(1, KeyValues.prepared("service.namespace", "shop"));
            out.string(1, KeyValues.prepared("service.name", services[service]));
            resources[i] = content(out);
        }
        return resources;
    }

    private static byte[] scope() {
        WireWriter out = new WireWriter(64);
        out.string(2, utf8("1.0"));
        out.string(1, utf8("io.openwit.load"));
        return content(out);
    }

    private static byte[] content(WireWriter out) {
        return Arrays.copyOfRange(out.array(), out.offset(), out.array().length);
    }
}
