namespace Holdfast.Broker.Delivery;

/// <summary>Topics whose QoS 0 messages must be logged too, because a durable consumer other than a session wants them.</summary>
public interface ILogInterest
{
    /// <summary>Registers a filter; from the return on, matching QoS 0 messages are logged.</summary>
    /// <param name="product">The product.</param>
    /// <param name="filter">A valid topic filter.</param>
    /// <returns>Disposing it ends the interest.</returns>
    IDisposable Add(string product, string filter);
}
