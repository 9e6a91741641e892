package io.openwit.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoutingTableTest {
    private static final int RESOURCES = 10_000;

    @Test
    void spreadsResourcesEvenly() {
        int[] hits = new int[3];
        RoutingTable table = new RoutingTable(List.of("a:1", "b:1", "c:1"));

        for (int i = 0; i < RESOURCES; i++) {
            hits[table.route(TenantId.DEFAULT, i)]++;
        }

        for (int hit : hits) {
            assertThat(hit).isBetween(RESOURCES / 4, RESOURCES / 2);
        }
    }

    @Test
    void aLostNodeMovesOnlyItsOwnShare() {
        RoutingTable before = new RoutingTable(List.of("a:1", "b:1", "c:1"));
        RoutingTable after = new RoutingTable(List.of("a:1", "c:1"));

        for (int i = 0; i < RESOURCES; i++) {
            String was = before.nodes().get(before.route(TenantId.DEFAULT, i));
            String is = after.nodes().get(after.route(TenantId.DEFAULT, i));
            if (!was.equals("b:1")) {
                assertThat(is).isEqualTo(was);
            }
        }
    }
}
