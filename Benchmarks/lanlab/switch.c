// A switch between hosts on one machine: forwards IPv4 packets between network namespaces, each at the line rate of its ports and after
// a delay, as a store-and-forward switch on full-duplex cables would. A stand-in where the kernel has no netem.
//
//   switch RATE_MBIT DELAY_US NAMESPACE...
//
// Opens the TUN device `lan0` in every namespace (/var/run/netns/NAME); host number i has the address 10.88.0.i. Prints "ready", then
// forwards until it is ended.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_PORTS = 32,
    MOST_BYTES = 65536,
    // Packets that wait for one port; what comes beyond is dropped, as by a real switch.
    QUEUE = 1024,
    // Preamble, Ethernet header, checksum and gap of a frame, which the cable carries too.
    FRAMING = 38,
};

struct packet {
    uint64_t due;
    size_t count;
    uint8_t *bytes;
};

/// One host's cable: what it sends, and what waits to reach it, in order of arrival.
struct port {
    int device;
    uint64_t sending_until, receiving_until;
    struct packet queue[QUEUE];
    unsigned first, waiting;
};

static struct port ports[MOST_PORTS];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

static int open_device(const char *namespace) {
    char path[512];
    snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || setns(file, CLONE_NEWNET) != 0) {
        perror(path);
        exit(1);
    }
    close(file);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strcpy(request.ifr_name, "lan0");
    if (device < 0 || ioctl(device, TUNSETIFF, &request) < 0) {
        perror("/dev/net/tun");
        exit(1);
    }
    return device;
}

/// Takes what a host sends: it leaves after the cable is free, and arrives a delay later when the other cable is.
static void take(struct port *from, int count, double ns_per_byte, uint64_t delay) {
    static uint8_t buffer[MOST_BYTES];
    for (int burst = 0; burst < 64; burst++) {
        ssize_t bytes = read(from->device, buffer, sizeof buffer);
        if (bytes <= 0) return;
        if (bytes < 20 || buffer[0] >> 4 != 4 || buffer[19] < 1 || buffer[19] > count) continue;
        struct port *to = &ports[buffer[19] - 1];
        if (to->waiting == QUEUE) continue;
        uint64_t wire = (uint64_t)((double)(bytes + FRAMING) * ns_per_byte);
        from->sending_until = later(from->sending_until, now()) + wire;
        to->receiving_until = later(to->receiving_until, from->sending_until + delay - wire) + wire;
        struct packet *packet = &to->queue[(to->first + to->waiting++) % QUEUE];
        *packet = (struct packet){to->receiving_until, (size_t)bytes, malloc((size_t)bytes)};
        if (packet->bytes == NULL) {
            to->waiting--;
            continue;
        }
        memcpy(packet->bytes, buffer, (size_t)bytes);
    }
}

/// Hands over what is due; when the next packet will be, or 0 for none.
static uint64_t deliver(struct port *port) {
    while (port->waiting > 0) {
        struct packet *packet = &port->queue[port->first];
        if (packet->due > now()) return packet->due;
        // A host whose cable is out takes nothing.
        if (write(port->device, packet->bytes, packet->count) < 0 && errno != EIO && errno != EAGAIN) perror("write");
        free(packet->bytes);
        port->first = (port->first + 1) % QUEUE;
        port->waiting--;
    }
    return 0;
}

int main(int argc, char **argv) {
    const int count = argc - 3;
    if (count < 2 || count > MOST_PORTS) {
        fprintf(stderr, "usage: switch RATE_MBIT DELAY_US NAMESPACE... (2 to %d of them)\n", MOST_PORTS);
        return 2;
    }
    const double ns_per_byte = 8000 / atof(argv[1]);
    const uint64_t delay = (uint64_t)(atof(argv[2]) * 1000);
    struct pollfd polled[MOST_PORTS];
    for (int i = 0; i < count; i++) {
        ports[i].device = open_device(argv[3 + i]);
        polled[i] = (struct pollfd){ports[i].device, POLLIN, 0};
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        uint64_t next = 0;
        for (int i = 0; i < count; i++) {
            uint64_t due = deliver(&ports[i]);
            if (due != 0 && (next == 0 || due < next)) next = due;
        }
        struct timespec wait = {1, 0};
        if (next != 0) {
            uint64_t time = now(), left = next > time ? next - time : 0;
            wait = (struct timespec){(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
        }
        if (ppoll(polled, (nfds_t)count, &wait, NULL) < 0 && errno != EINTR) {
            perror("ppoll");
            return 1;
        }
        for (int i = 0; i < count; i++) {
            if (polled[i].revents & POLLIN) take(&ports[i], count, ns_per_byte, delay);
        }
    }
}
