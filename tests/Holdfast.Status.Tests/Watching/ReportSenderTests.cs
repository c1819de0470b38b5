using System.Net;
using System.Text.Json.Nodes;
using Holdfast.Status.Reports;
using Holdfast.Status.Watching;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Status.Tests.Watching;

public sealed class ReportSenderTests : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(10);

    private readonly FakePage _page = new();
    private readonly ReportSender _sender;

    public ReportSenderTests()
    {
        var options = new WatchOptions { Targets = [], Report = new Uri("http://page.example"), Token = "secret" };
        _sender = new ReportSender(options, _page, new FakeTimeProvider(), NullLogger.Instance);
    }

    public void Dispose() => _sender.Dispose();

    [Fact]
    public async Task What_the_page_did_not_take_is_sent_later_in_order()
    {
        _page.Status = HttpStatusCode.ServiceUnavailable;
        await SendAsync(1, 2, 3);
        Assert.Equal(3, _sender.Waiting);
        _page.Status = HttpStatusCode.OK;
        await SendAsync(4);
        Assert.Equal(0, _sender.Waiting);
        Assert.Equal([1, 2, 3, 4], _page.Taken);
    }

    [Fact]
    public async Task A_page_that_cannot_be_reached_loses_nothing()
    {
        _page.IsGone = true;
        await SendAsync(1);
        _page.IsGone = false;
        await SendAsync(2);
        Assert.Equal([1, 2], _page.Taken);
    }

    [Fact]
    public async Task What_waits_is_bounded_and_what_is_dropped_is_counted()
    {
        for (int round = 1; round <= ReportSender.MaximumWaiting + 5; round++)
        {
            _sender.Add(Round(round), Pace);
        }

        Assert.Equal(ReportSender.MaximumWaiting, _sender.Waiting);
        Assert.Equal(5, _sender.Dropped);
        await _sender.SendAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ReportSender.MaximumWaiting, _page.Taken.Count);
        Assert.Equal(6, _page.Taken[0]);
    }

    [Fact]
    public async Task What_the_page_will_never_take_does_not_hold_up_the_rest()
    {
        _page.Status = HttpStatusCode.UnprocessableEntity;
        await SendAsync(1);
        _page.Status = HttpStatusCode.OK;
        await SendAsync(2);
        Assert.Equal([2], _page.Taken);
        Assert.Equal(1, _sender.Dropped);
    }

    private static ReportedRound Round(long sequence) => new(sequence, 0, [new ReportedObservation("MQTT", "connect", "ok", 1)]);

    private Task SendAsync(params long[] sequences)
    {
        Array.ForEach(sequences, sequence => _sender.Add(Round(sequence), Pace));
        return _sender.SendAsync(TestContext.Current.CancellationToken);
    }

    private sealed class FakePage : HttpMessageHandler
    {
        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        public bool IsGone { get; set; }

        public List<long> Taken { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsGone)
            {
                throw new HttpRequestException("gone");
            }

            if (Status == HttpStatusCode.OK)
            {
                JsonNode report = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!;
                Taken.AddRange(report["rounds"]!.AsArray().Select(round => (long)round!["sequence"]!));
            }

            return new HttpResponseMessage(Status) { Content = new StringContent("{}") };
        }
    }
}
