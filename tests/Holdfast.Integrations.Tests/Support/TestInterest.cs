using Holdfast.Broker.Delivery;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>Remembers which interests are registered.</summary>
internal sealed class TestInterest : ILogInterest
{
    public List<(string Product, string Filter)> Registered { get; } = [];

    public IDisposable Add(string product, string filter)
    {
        Registered.Add((product, filter));
        return new Registration(this, (product, filter));
    }

    private sealed class Registration(TestInterest interest, (string Product, string Filter) entry) : IDisposable
    {
        public void Dispose() => interest.Registered.Remove(entry);
    }
}
