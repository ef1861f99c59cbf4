// What a hop costs a program that does nothing else: two processes in turns read memory, as a stage reads its weights, and then send each
// other a row of activations over loopback. Each has a thread that receives, and hands over to the one that reads. Prints the median of the
// microseconds from before sending a row to the other's reading thread having it.
//
//   hop MEGABYTES ROUNDS
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// 2048 floats: tinyllama-1.1b's row.
enum { ROW_BYTES = 8192 };

static int peer;
static char row[ROW_BYTES];
static sem_t arrived;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void *receive(void *unused) {
    (void)unused;
    for (;;) {
        for (size_t count = 0; count < sizeof row;) {
            const ssize_t more = recv(peer, row + count, sizeof row - count, 0);
            if (more <= 0) return NULL;
            count += (size_t)more;
        }
        sem_post(&arrived);
    }
}

static uint64_t read_all(const uint64_t *memory, size_t count) {
    uint64_t sums[8] = {0};
    for (size_t i = 0; i + 8 <= count; i += 8) {
        for (size_t k = 0; k < 8; k++) sums[k] ^= memory[i + k];
    }
    uint64_t sum = 0;
    for (size_t k = 0; k < 8; k++) sum ^= sums[k];
    return sum;
}

static void send_row(void) {
    char bytes[ROW_BYTES] = {0};
    const double now = microseconds();
    memcpy(bytes, &now, sizeof now);
    if (send(peer, bytes, sizeof bytes, MSG_NOSIGNAL) != sizeof bytes) fail("send");
}

static int ascending(const void *one, const void *other) {
    const double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: hop MEGABYTES ROUNDS\n", stderr);
        return 2;
    }
    const size_t bytes = strtoull(arguments[1], NULL, 10) << 20;
    const size_t rounds = strtoull(arguments[2], NULL, 10);
    if (bytes == 0 || rounds == 0) return 2;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&address, &length)) {
        fail("listen");
    }
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        peer = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(peer, (struct sockaddr *)&address, sizeof address)) fail("connect");
    } else {
        peer = accept(listener, NULL, NULL);
    }
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    uint64_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    double *times = calloc(rounds + 1, sizeof *times);
    if (memory == MAP_FAILED || !times) fail("memory");
    memset(memory, 1, bytes);
    sem_init(&arrived, 0, 0);
    pthread_t receiver;
    pthread_create(&receiver, NULL, receive, NULL);
    volatile uint64_t sum = 0;
    // The child begins, so that it receives one row less, and the parent's last one is not sent.
    if (child == 0) send_row();
    const size_t receives = child == 0 ? rounds - 1 : rounds;
    for (size_t i = 0; i < receives; i++) {
        while (sem_wait(&arrived)) {
        }
        double sent;
        memcpy(&sent, row, sizeof sent);
        times[i] = microseconds() - sent;
        sum ^= read_all(memory, bytes / sizeof *memory);
        if (child == 0 || i + 1 < rounds) send_row();
    }
    if (child == 0) return 0;
    waitpid(child, NULL, 0);
    qsort(times, rounds, sizeof *times, ascending);
    printf("%.1f\n", times[rounds / 2]);
    return 0;
}
