using Holdfast.Device.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Connections;

public sealed class EndpointSelectorTests
{
    private static readonly Uri One = new("mqtt://one:1883");
    private static readonly Uri Two = new("mqtt://two:1883");
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();
    private readonly EndpointSelector _selector;

    public EndpointSelectorTests() => _selector = new EndpointSelector([One, Two], First, Longest, _time, new Random(1));

    [Fact]
    public void The_first_healthy_one_is_chosen_and_the_first_one_again_when_it_has_rested()
    {
        Assert.Equal((One, TimeSpan.Zero), _selector.Next());
        _selector.Failed(One);
        Assert.Equal((Two, TimeSpan.Zero), _selector.Next());
        Assert.False(_selector.HasBetter(Two));
        _time.Advance(First);
        Assert.True(_selector.HasBetter(Two));
        Assert.False(_selector.HasBetter(One));
        Assert.Equal(One, _selector.Next().Endpoint);
    }

    [Fact]
    public void When_all_rest_the_one_that_rests_shortest_is_waited_for()
    {
        _selector.Failed(One, TimeSpan.FromSeconds(30));
        _selector.Failed(Two, TimeSpan.FromSeconds(20));
        Assert.True(_selector.AllRest);
        Assert.Equal((Two, TimeSpan.FromSeconds(20)), _selector.Next());
    }

    [Fact]
    public void The_rest_is_random_grows_with_failures_and_is_bounded()
    {
        List<double>[] rests = [[], []];
        for (var i = 0; i < 400; i++)
        {
            var selector = new EndpointSelector([One], First, Longest, _time, new Random(i));
            for (var failures = 1; failures <= 20; failures++)
            {
                selector.Failed(One);
                var delay = selector.Next().Delay;
                Assert.InRange(delay, TimeSpan.FromMilliseconds(1), Longest);
                if (failures is 1 or 20)
                {
                    rests[failures / 20].Add(delay.TotalSeconds);
                }
            }
        }

        Assert.InRange(rests[0].Average(), 0.4, 0.6);
        Assert.InRange(rests[1].Average(), 25, 35);
        Assert.InRange(rests[1].Min(), 0, 5);
    }

    [Fact]
    public void Only_an_acknowledgement_forgives_failures()
    {
        for (var i = 0; i < 10; i++)
        {
            _selector.Failed(One);
        }

        _selector.Succeeded(One);
        Assert.Equal((One, TimeSpan.Zero), _selector.Next());
        _selector.Failed(One);
        _time.Advance(First);
        Assert.Equal(One, _selector.Next().Endpoint);
    }

    [Theory]
    [InlineData("three", "mqtt://three:1883/")]
    [InlineData("three:1999 four", "mqtt://three:1999/")]
    public void A_server_reference_is_followed_once(string reference, string expected)
    {
        _selector.Referred(One, reference);
        Assert.Equal((new Uri(expected), TimeSpan.Zero), _selector.Next());
        Assert.Equal(One, _selector.Next().Endpoint);
    }

    [Fact]
    public void Two_servers_that_name_each_other_are_not_hammered()
    {
        var three = new Uri("mqtt://three:1883/");
        _selector.Failed(One);
        _selector.Referred(One, "three");
        Assert.Equal(three, _selector.Next().Endpoint);
        _selector.Failed(three);
        _selector.Referred(three, "one");
        Assert.Equal(Two, _selector.Next().Endpoint);
    }

    [Fact]
    public void A_named_server_that_has_acknowledged_an_event_may_name_another()
    {
        var three = new Uri("mqtt://three:1883/");
        _selector.Referred(One, "three");
        Assert.Equal(three, _selector.Next().Endpoint);
        _selector.Succeeded(three);
        _selector.Referred(three, "four");
        Assert.Equal(new Uri("mqtt://four:1883/"), _selector.Next().Endpoint);
    }

    [Fact]
    public void A_reference_that_is_no_host_is_ignored()
    {
        _selector.Referred(One, " ");
        Assert.Equal(One, _selector.Next().Endpoint);
    }
}
