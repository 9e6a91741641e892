package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DoorsTest {
    private final Doors doors = new Doors();

    @Test
    void theReadyLineNamesTheDoorsInTheManualsOrderWithTheirRealPorts() throws CommandException {
        doors.open("flight", ConfigKeys.STORAGE_BIND, "127.0.0.1", 0, () -> 9401);
        doors.open("admin", ConfigKeys.ADMIN_PORT, "::1", 0, () -> 9600);
        doors.open("grpc", ConfigKeys.GRPC_PORT, "127.0.0.1", 0, () -> 4317);

        assertThat(doors.readyLine()).isEqualTo("ready grpc=127.0.0.1:4317 flight=127.0.0.1:9401 admin=[::1]:9600");
    }

    @Test
    void aPortInUseIsNamedWithItsKeyHoweverDeepTheReasonLies() throws IOException {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress("127.0.0.1", 0));
            int port = taken.getLocalPort();

            assertThatThrownBy(() -> doors.open("http", ConfigKeys.HTTP_PORT, "127.0.0.1", port, () -> {
                        try (ServerSocket second = new ServerSocket()) {
                            second.bind(taken.getLocalSocketAddress());
                            return port;
                        } catch (BindException e) {
                            throw new IOException("outer", new IllegalStateException(e));
                        }
                    }))
                    .isInstanceOf(CommandException.class)
                    .hasMessage("ingestion.http.port: 127.0.0.1:" + port
                            + " is in use by another process: stop it, or choose another port (0 takes a free one)");
        }
    }

    @Test
    void anAddressThatIsNotOursIsSaidSo() {
        assertThatThrownBy(() -> doors.open("grpc", ConfigKeys.GRPC_PORT, "192.0.2.1", 4317, () -> {
                    throw new IOException("cannot", new BindException("Cannot assign requested address"));
                }))
                .hasMessage("ingestion.grpc.port: cannot listen on 192.0.2.1:4317: Cannot assign requested address");
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:1,127.0.0.1,1", "[::1]:2,::1,2", "node-1:65535,node-1,65535"})
    void anAddressHasAHostAndAPort(String text, String host, int port) {
        HostPort address = HostPort.parse(text);

        assertThat(address).isEqualTo(new HostPort(host, port));
        assertThat(address).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host", ":1", "host:", "host:65536", "host:-1", "::1:2", "http://host:1"})
    void whatIsNoAddressIsRefused(String text) {
        assertThatThrownBy(() -> HostPort.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aDataDirectoryIsHeldByOneAndFreeAgainAfterwards(@TempDir Path directory) throws Exception {
        Path below = directory.resolve("a/b");
        try (DataDirectory held = DataDirectory.open(below)) {
            assertThat(held.path()).isEqualTo(below);
            assertThatThrownBy(() -> DataDirectory.open(below))
                    .hasMessageContaining("node.data_dir: " + below + " is in use by another process")
                    .hasMessageContaining("pid " + ProcessHandle.current().pid());
        }
        DataDirectory.open(below).close();
    }
}
