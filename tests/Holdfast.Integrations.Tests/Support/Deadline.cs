namespace Holdfast.Integrations.Tests.Support;

/// <summary>Turns a test that would wait for ever into one that fails. Far longer than anything here takes.</summary>
internal static class Deadline
{
    /// <summary>Ends a wait that begins now.</summary>
    public static CancellationToken Token
    {
        get
        {
            var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            deadline.CancelAfter(TimeSpan.FromSeconds(20));
            return deadline.Token;
        }
    }
}
