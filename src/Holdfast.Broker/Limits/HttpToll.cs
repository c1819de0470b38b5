using Holdfast.Broker.Identities;
using Holdfast.Broker.Sessions;

namespace Holdfast.Broker.Limits;

/// <summary>What is published over HTTP counts like what is published over MQTT: it waits for its turn, and is refused when that is too far away.</summary>
internal sealed class HttpToll(SessionServices services)
{
    private const string OfIntegrations = "integration/";

    /// <summary>The longest wait; the client's own time-out is not much longer.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Charges one event to its product and its device.</summary>
    /// <param name="product">The product.</param>
    /// <param name="publisher">Who publishes, as events tell it.</param>
    /// <param name="bytes">How large it is.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>False when the event is refused; nothing was charged.</returns>
    public async ValueTask<bool> TryPayAsync(string product, string publisher, int bytes, CancellationToken cancellationToken)
    {
        if (publisher.StartsWith(OfIntegrations, StringComparison.Ordinal))
        {
            // What the server itself makes of events that were paid for.
            return true;
        }

        var accounts = services.Ledger.AccountsOf(product, ClientIdentity.OwnerOf(publisher).Device);
        var (longest, slowest) = LimitAccount.Charge(accounts, 1, bytes);
        if (slowest is null)
        {
            return true;
        }

        var scope = slowest.Scope.Word();
        if (longest <= LongestWait)
        {
            services.Metrics.CountLimited(scope, "publish", "wait");
            await Task.Delay(longest, services.Time, cancellationToken).ConfigureAwait(false);
            return true;
        }

        Array.ForEach(accounts, account => account.GiveBack(1, bytes));
        services.Metrics.CountLimited(scope, "publish", "refuse");
        services.Refusals.Note("publish", $"{scope} publishes too fast", $"{publisher} of {product} over HTTP would have to wait for {longest.TotalSeconds:0} s.");
        return false;
    }
}
